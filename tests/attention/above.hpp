// A user's own function with exact zeros: the share of them goes by the threshold.
#pragma once

#include "skipmax/attention.hpp"

struct above {
  static constexpr bool exact_zeros = true;
  double threshold = 0;

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    namespace math = skipmax::math;
    const V rest = s - math::constant<V>(threshold), zero = math::constant<V>(0);
    return math::select(rest < zero, zero, rest);
  }
};
using above_attention = skipmax::attention<above, skipmax::by_length<>>;
