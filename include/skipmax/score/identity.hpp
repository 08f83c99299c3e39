// identity(s) = s. With softmax it gives softmax attention, with by_length linear attention: one of
// the seven functions of the paper (Wortsman et al. 2023, arXiv 2309.08586).
// Backward needs nothing.
#pragma once

#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct identity {
  static constexpr bool few_operations = true;
  static constexpr bool zero_at_zero = true;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    return s;
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V) const {
    return math::constant<V>(1);
  }
};
template <>
inline constexpr int degree_of<identity> = 1;

}  // namespace v0
}  // namespace skipmax
