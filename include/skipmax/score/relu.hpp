// relu(s) = max(s, 0), and NaN for NaN: the paper's choice (Wortsman et al. 2023, arXiv
// 2309.08586).
// Backward needs s.
#pragma once

#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct relu {
  static constexpr bool few_operations = true;
  static constexpr bool exact_zeros = true;
  static constexpr bool zero_at_zero = true;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    return math::max(s, math::constant<V>(0));  // the order keeps NaN
  }

  // 0 at s = 0, as in every framework.
  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    const V zero = math::constant<V>(0);
    return math::select(s <= zero, zero, math::select(s > zero, math::constant<V>(1), s));
  }
};
template <>
inline constexpr int degree_of<relu> = 1;

}  // namespace v0
}  // namespace skipmax
