// Ragged batches without padding: sequences of different lengths, one after the other in the length axis
// of one tensor of batch 1.
//
//   sequence s: rows [offsets[s], offsets[s + 1]) of q and out, and of k and v
//
// A query sees the keys of its own sequence, as if that were alone in its call: a mask, a bias and a
// divisor get its number as row_position.batch, and positions and lengths counted within it.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

struct segments {
  const index* offsets = nullptr;  // [count + 1], from 0 to the length of q, never falling
  index count = -1;                // sequences; -1: the batch axis holds them, all of one length
  const index* key_offsets = nullptr;  // [count + 1], of k and v; null: those of q

  SKIPMAX_INLINE bool given() const { return count >= 0; }
};

}  // namespace v0
}  // namespace skipmax
