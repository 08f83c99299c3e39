// squared_relu(s) = max(s, 0)^2, and NaN for NaN (So et al. 2021, Primer, arXiv 2109.08668).
// Backward needs s: the derivative is 2 max(s, 0).
#pragma once

#include "skipmax/score/relu.hpp"

namespace skipmax {
inline namespace v0 {

struct squared_relu {
  static constexpr bool few_operations = true;
  static constexpr bool exact_zeros = true;
  static constexpr bool zero_at_zero = true;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    const V r = relu{}.value(s);
    return r * r;
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    const V r = relu{}.value(s);
    return r + r;
  }
};
template <>
inline constexpr int degree_of<squared_relu> = 2;

}  // namespace v0
}  // namespace skipmax
