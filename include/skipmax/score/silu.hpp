// silu(s) = s sigmoid(s) (Hendrycks and Gimpel 2016, arXiv 1606.08415; the score function of HSTU,
// Zhai et al. 2024, arXiv 2402.17152).
// Backward needs s: with S = sigmoid(s) the derivative is S (1 + s (1 - S)).
#pragma once

#include <numbers>

#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct silu {
  static constexpr bool zero_at_zero = true;

  // s / (1 + 2^t), t = -s log2(e). The bound of s only replaces the result for -inf by its limit;
  // at the bound of t, 2^t is infinity.
  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    s = math::max(s, math::constant<V>(-1000));
    const V t = math::min(s * math::constant<V>(-std::numbers::log2e),
                          math::constant<V>(math::is_single<V> ? 128 : 1024));
    return math::divide(s, math::constant<V>(1) + math::fast_exp2(t));
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    return value_and_derivative(s).derivative;
  }

  template <class V>
  SKIPMAX_INLINE score_and_slope<V> value_and_derivative(V s) const {
    // exp(-1000) is 0 in both formats, so the bounds only replace -inf * 0 and inf * 0 by their
    // limits
    const V bound = math::constant<V>(1000), one = math::constant<V>(1);
    s = math::max(s, -bound);
    const auto [sigma, rest] = math::sigmoid_and_rest(s);
    return {s * sigma, sigma * math::fma(math::min(s, bound), rest, one)};
  }
};

}  // namespace v0
}  // namespace skipmax
