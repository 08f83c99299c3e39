// Attention with linear biases: the further away a key, the less it counts. Each head has its rate.
//
//   bias_ij = -slope_h |p - j|,   p = i + (key_length - query_length)
//
// p is the key that query row i stands at, bottom-right aligned as in causal; under that mask p - j
// is never negative. Press, Smith, Lewis 2022, arXiv 2108.12409.
//
//   double slopes[12];
//   skipmax::alibi_slopes(slopes, 12);
//   softmax_attention{}.with(causal{}).with(alibi{slopes, 12})
//
// In float the slope is rounded and distances are exact up to 2^24; in double neither is rounded.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

// The paper's slopes. If heads is a power of two they are 2^(-8 (h + 1) / heads); otherwise those
// of the next smaller power of two, then every second one of those of twice that power.
SKIPMAX_INLINE void alibi_slopes(double* to, index heads) {
  error_message error{};
  if (heads < 0)
    error << "skipmax: alibi_slopes: heads: found " << heads << ", wanted 0 or more";
  else if (!to && heads > 0)
    error << "skipmax: alibi_slopes: to: found a null pointer, wanted [" << heads << "]";
  throw_if(error);
  index power = 1;
  while (power <= heads / 2) power *= 2;
  for (index h = 0; h < heads; ++h) {
    const index half_steps = h < power ? 2 * (h + 1) : 2 * (h - power) + 1;
    to[h] = __builtin_exp2(-4 * static_cast<double>(half_steps) / static_cast<double>(power));
  }
}

struct alibi {
  const double* slopes = nullptr;  // [heads]; a slope times any distance must be finite in float
  index heads = 0;

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    const V difference =
        math::constant<V>(static_cast<double>(key - at.own_key())) + math::lane_numbers<V>();
    return math::constant<V>(-slopes[at.head]) * math::abs(difference);
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    if (heads != p.heads) {
      error << "bias alibi: found " << heads << " slopes, wanted one for each of the " << p.heads
            << " heads of q";
      return;
    }
    if (!slopes && heads > 0) {
      error << "bias alibi: slopes: found a null pointer, wanted [" << heads << "]";
      return;
    }
    const double furthest = static_cast<double>(p.query_length) + static_cast<double>(p.key_length);
    for (index h = 0; h < heads; ++h)
      if (!(__builtin_fabs(slopes[h]) <= __FLT_MAX__ / (furthest + 1))) {
        error << "bias alibi: slopes[" << h << "]: found " << slopes[h]
              << ", wanted a number whose product with any distance is finite in float";
        return;
      }
  }
};

}  // namespace v0
}  // namespace skipmax
