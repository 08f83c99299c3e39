// Weights divided by a power of the sequence length: h(s) / L^alpha.
// alpha = 1 makes the weights O(1 / L), as softmax does, with no reduction over the keys
// (arXiv 2309.08586). The factor is constant within a row, so it is applied once, to the sum.
#pragma once

#include <math.h>

#include "skipmax/normalize/divisor.hpp"

namespace skipmax {
inline namespace v0 {

template <class Divisor = visible_keys>
struct by_length {
  static_assert(divisor_policy<Divisor>,
                "skipmax: by_length: found no divisor: wanted visible_keys{}, all_keys{}, "
                "fixed_number{n} or per_row{..}, see skipmax/normalize/divisor.hpp");

  static constexpr bool pointwise = true;  // nothing to carry from key to key

  double alpha = 1;  // finite, 0 or more
  Divisor divisor{};

  SKIPMAX_INLINE constexpr by_length() = default;
  SKIPMAX_INLINE constexpr by_length(double power, Divisor policy = {})
      : alpha(power), divisor(policy) {}
  template <divisor_policy D>
  SKIPMAX_INLINE constexpr by_length(D policy) : divisor(policy) {}

  SKIPMAX_INLINE double length(row_position at, index visible, index all) const {
    return divisor.length(at, visible, all);
  }

  SKIPMAX_INLINE double finish(double length) const {
    return alpha == 1 ? 1 / length : alpha == 0 ? 1 : ::pow(length, -alpha);
  }

  template <class Mask>
  SKIPMAX_INLINE void check(const problem& p, const Mask& mask, error_message& error) const {
    if (!(alpha >= 0 && __builtin_isfinite(alpha))) {
      error << "normalizer by_length: alpha: found " << alpha
            << ", wanted a finite number, 0 or more";
      return;
    }
    check_part(divisor, error, p, mask);
  }
};
by_length()->by_length<visible_keys>;
by_length(double)->by_length<visible_keys>;
template <divisor_policy Divisor>
by_length(Divisor) -> by_length<Divisor>;
template <class Divisor>
by_length(double, Divisor) -> by_length<Divisor>;

}  // namespace v0
}  // namespace skipmax
