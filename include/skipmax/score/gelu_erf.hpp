// gelu_erf(s) = s Phi(s) = s (1 + erf(s / sqrt 2)) / 2: the erf form, PyTorch's default (Hendrycks
// and Gimpel 2016, arXiv 1606.08415). The tanh form is gelu.
// Backward needs s: the derivative is Phi(s) + s exp(-s^2 / 2) / sqrt(2 pi).
#pragma once

#include <numbers>

#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct gelu_erf {
  static constexpr bool zero_at_zero = true;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    // Phi is already 0 far above the bound, which only replaces -inf * 0 by its limit
    s = math::max(s, math::constant<V>(-1000));
    return s * phi_integral(s);
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    const V bound = math::constant<V>(1000);
    s = math::min(math::max(s, -bound), bound);
    const V density =
        math::constant<V>(0.39894228040143267794) * math::exp(math::constant<V>(-0.5) * s * s);
    return math::fma(s, density, phi_integral(s));
  }

 private:
  template <class V>
  SKIPMAX_INLINE static V phi_integral(V s) {
    const V half = math::constant<V>(0.5);
    return math::fma(half, math::erf(s * math::constant<V>(std::numbers::sqrt2 / 2)), half);
  }
};

}  // namespace v0
}  // namespace skipmax
