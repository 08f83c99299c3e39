// Applies the length inside the score function: h(s - log L). With the sigmoid this is sigmoid
// attention (arXiv 2409.04431), whose weights start near 1 / L without a division.
#pragma once

#include <math.h>

#include "skipmax/normalize/divisor.hpp"

namespace skipmax {
inline namespace v0 {

template <class Divisor = visible_keys>
struct minus_log_length {
  static_assert(divisor_policy<Divisor>,
                "skipmax: minus_log_length: found no divisor: wanted visible_keys{}, all_keys{}, "
                "fixed_number{n} or per_row{..}, see skipmax/normalize/divisor.hpp");

  static constexpr bool pointwise = true;  // nothing to carry from key to key

  Divisor divisor{};

  SKIPMAX_INLINE double length(row_position at, index visible, index all) const {
    return divisor.length(at, visible, all);
  }

  SKIPMAX_INLINE double shift(double length) const { return -::log(length); }

  SKIPMAX_INLINE double finish(double) const { return 1; }

  template <class Mask>
  SKIPMAX_INLINE void check(const problem& p, const Mask& mask, error_message& error) const {
    check_part(divisor, error, p, mask);
  }
};
minus_log_length()->minus_log_length<visible_keys>;
template <class Divisor>
minus_log_length(Divisor) -> minus_log_length<Divisor>;

}  // namespace v0
}  // namespace skipmax
