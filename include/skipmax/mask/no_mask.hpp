// Every query row sees every key.
#pragma once

#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

struct no_mask {
  static constexpr bool rows_alike = true;

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, at.key_length}; }
};

}  // namespace v0
}  // namespace skipmax
