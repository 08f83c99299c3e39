// laplace(s) = (1 + erf((s - mu) / (sigma sqrt 2))) / 2, mu = 0.707107, sigma = 0.282095: the
// attention function of Mega (Ma et al. 2022, arXiv 2209.10655), a squared relu made smooth and
// bounded. The constants have the digits of Mega's code for sqrt(1 / 2) and sqrt(1 / (4 pi)).
// Backward needs s: the derivative is the normal density at s, of mean mu and deviation sigma.
#pragma once

#include <numbers>

#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct laplace {
  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    const V half = math::constant<V>(0.5);
    return math::fma(half, math::erf(z(s)), half);
  }

  // exp(-z^2) / (sigma sqrt(2 pi))
  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    const V zs = z(s);
    return math::constant<V>(0.39894228040143267794 / 0.282095) * math::exp(-zs * zs);
  }

 private:
  template <class V>
  SKIPMAX_INLINE static V z(V s) {
    return (s - math::constant<V>(0.707107)) *
           math::constant<V>(std::numbers::sqrt2 / 2 / 0.282095);
  }
};

}  // namespace v0
}  // namespace skipmax
