// gelu(s) = s (1 + tanh(u)) / 2 = s sigmoid(2 u), u = sqrt(2 / pi) (s + 0.044715 s^3): the tanh
// form, JAX's default and the paper's (Hendrycks and Gimpel 2016, arXiv 1606.08415). The erf form
// is gelu_erf.
// Backward needs s: with S = sigmoid(2 u) the derivative is S (1 + s (1 - S) d(2 u) / ds).
#pragma once

#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct gelu {
  static constexpr bool zero_at_zero = true;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    return value_and_derivative(s).value;
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    return value_and_derivative(s).derivative;
  }

  template <class V>
  SKIPMAX_INLINE score_and_slope<V> value_and_derivative(V s) const {
    // sigmoid(2 u) is 0 or 1 long before the bounds, which only replace -inf * 0 and inf * 0 by
    // their limits
    const V bound = math::constant<V>(1000), one = math::constant<V>(1);
    s = math::max(s, -bound);
    const V t = math::min(s, bound);
    const V two_c = math::constant<V>(1.5957691216057307118), cubic = math::constant<V>(0.044715);
    const V square = t * t;
    const auto [sigma, rest] = math::sigmoid_and_rest(two_c * t * math::fma(cubic, square, one));
    const V du = two_c * math::fma(math::constant<V>(3 * 0.044715), square, one);  // d(2 u) / ds
    return {s * sigma, sigma * math::fma(t * du, rest, one)};
  }
};

}  // namespace v0
}  // namespace skipmax
