// relu6(s) = min(max(s, 0), 6), and NaN for NaN (Krizhevsky 2010, Convolutional deep belief
// networks on CIFAR-10).
// Backward needs s.
#pragma once

#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct relu6 {
  static constexpr bool few_operations = true;
  static constexpr bool exact_zeros = true;
  static constexpr bool zero_at_zero = true;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    const V r = math::max(s, math::constant<V>(0));  // the order keeps NaN
    return math::min(r, math::constant<V>(6));
  }

  // 0 at both corners, as in PyTorch.
  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    const V zero = math::constant<V>(0), six = math::constant<V>(6);
    const V below_six =
        math::select(s < six, math::constant<V>(1), math::select(s >= six, zero, s));
    return math::select(s <= zero, zero, below_six);
  }
};

}  // namespace v0
}  // namespace skipmax
