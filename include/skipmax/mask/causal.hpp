// Query row i sees the keys j <= i + (key_length - query_length): the last query sees the last key
// (bottom-right aligned), which is what new queries over a longer cache need.
#pragma once

#include "skipmax/mask/mask_policy.hpp"

namespace skipmax {
inline namespace v0 {

struct causal {
  static constexpr bool has_diagonal = true;

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, at.own_key() + 1}; }
};
template <>
inline constexpr bool moves_forward<causal> = true;

}  // namespace v0
}  // namespace skipmax
