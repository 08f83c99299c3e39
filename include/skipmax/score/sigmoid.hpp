// sigmoid(s) = 1 / (1 + exp(-(s + bias))). Sigmoid attention (Ramapuram et al. 2024, arXiv
// 2409.04431) has a bias of -log L, which the normalizer minus_log_length adds.
// Backward needs s: with S = sigmoid(s) the derivative is S (1 - S).
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct sigmoid {
  double bias = 0;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    return math::sigmoid(s + math::constant<V>(bias));
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    return value_and_derivative(s).derivative;
  }

  template <class V>
  SKIPMAX_INLINE score_and_slope<V> value_and_derivative(V s) const {
    const auto [h, rest] = math::sigmoid_and_rest(s + math::constant<V>(bias));
    return {h, h * rest};
  }

  SKIPMAX_INLINE void check(const problem&, error_message& error) const {
    if (!__builtin_isfinite(bias))
      error << "score sigmoid: bias: found " << bias << ", wanted a finite number";
  }
};

}  // namespace v0
}  // namespace skipmax
