// The cap of a score, a separate stage before bias and mask:
//
//   softcap   cap(s) = limit tanh(s / limit)   (Bello et al. 2016, arXiv 1611.09940; Gemma 2, 2024)
//   no_cap    cap(s) = s
//
// Backward needs s: the derivative is 1 - tanh(s / limit)^2.
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

template <class C>
concept score_cap = requires(const C c, double s) {
  { c.cap(s) } -> std::same_as<double>;
};

struct no_cap {
  template <class V>
  SKIPMAX_INLINE V cap(V s) const {
    return s;
  }
  template <class V>
  SKIPMAX_INLINE V derivative(V) const {
    return math::constant<V>(1);
  }
};

struct softcap {
  double limit;  // finite and greater than 0

  template <class V>
  SKIPMAX_INLINE V cap(V s) const {
    const V c = bounded_limit<V>();
    return c * math::tanh(math::divide(s, c));
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    const V t = math::tanh(math::divide(s, bounded_limit<V>()));
    return (math::constant<V>(1) - t) * (math::constant<V>(1) + t);
  }

  SKIPMAX_INLINE void check(const problem&, error_message& error) const {
    if (!(limit > 0 && __builtin_isfinite(limit)))
      error << "cap softcap: limit: found " << limit << ", wanted a finite number greater than 0";
  }

 private:
  // A limit beyond the range of V would become 0 or infinity in V, and s / limit or limit * 0 NaN.
  // The bounds change only limits below 1e-30 or above 1e30 (1e-290 and 1e290 in double).
  template <class V>
  SKIPMAX_INLINE V bounded_limit() const {
    const double largest = math::is_single<V> ? 1e30 : 1e290;
    return math::constant<V>(math::min(math::max(limit, 1 / largest), largest));
  }
};

}  // namespace v0
}  // namespace skipmax
