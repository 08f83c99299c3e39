// softplus(s) = log(1 + exp(s)) = max(s, 0) + log(1 + exp(-|s|)) (Dugas et al. 2000).
// Backward needs s: the derivative is sigmoid(s).
#pragma once

#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

struct softplus {
  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    return math::max(s, math::constant<V>(0)) +
           math::log1p_of_unit(math::exp_nonpositive(-math::abs(s)));
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const {
    return math::sigmoid(s);
  }
};

}  // namespace v0
}  // namespace skipmax
