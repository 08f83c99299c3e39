// Query row i stands at key p = i + (key_length - query_length), bottom-right aligned as in causal.
// It sees the keys [p - before, p + after]: with after = 0, the last before + 1 keys up to its own.
// The largest index as before or after means no limit.
#pragma once

#include "skipmax/mask/mask_policy.hpp"

namespace skipmax {
inline namespace v0 {

struct sliding_window {
  static constexpr bool has_diagonal = true;

  index before = 0, after = 0;

  // Compares before it adds: before and after may be the largest index, and a sum would overflow.
  SKIPMAX_INLINE key_range visible(row_position at) const {
    const index p = at.own_key();
    const index keys_after_p = at.query_length - 1 - at.query;
    return {before < p ? p - before : 0, after < keys_after_p ? p + after + 1 : at.key_length};
  }

  SKIPMAX_INLINE void check(const problem&, error_message& error) const {
    if (before < 0)
      error << "mask sliding_window: before: found " << before << ", wanted 0 or more keys";
    else if (after < 0)
      error << "mask sliding_window: after: found " << after << ", wanted 0 or more keys";
  }
};
template <>
inline constexpr bool moves_forward<sliding_window> = true;

}  // namespace v0
}  // namespace skipmax
