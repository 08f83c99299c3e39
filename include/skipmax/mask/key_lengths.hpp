// Sequence b of a padded batch sees its first lengths[b] keys.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

struct key_lengths {
  static constexpr bool rows_alike = true;

  const index* lengths = nullptr;  // [batch], each in [0, key length]
  index batch = 0;

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, lengths[at.batch]}; }
  SKIPMAX_INLINE index sequence_end(row_position at) const { return lengths[at.batch]; }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    if (batch != p.batch) {
      error << "mask key_lengths: found " << batch << " lengths, wanted one for each of the "
            << p.batch << " sequences of the batch";
      return;
    }
    if (!lengths && batch > 0) {
      error << "mask key_lengths: lengths: found a null pointer, wanted [" << batch << "]";
      return;
    }
    for (index b = 0; b < batch; ++b)
      if (lengths[b] < 0 || lengths[b] > p.key_length) {
        error << "mask key_lengths: lengths[" << b << "]: found " << lengths[b] << ", wanted 0 to "
              << p.key_length << ", the length of k (of segments: the longest)";
        return;
      }
  }
};

}  // namespace v0
}  // namespace skipmax
