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
  SKIPMAX_INLINE const index* of_keys() const { return key_offsets ? key_offsets : offsets; }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    if (!given()) return;
    if (p.batch != 1)
      error << "segments: found a batch of " << p.batch
            << ", wanted 1: sequences lie one after the other in length";
    else if (!offsets)
      error << "segments: offsets: found a null pointer, wanted [" << count + 1 << "]";
    else
      check_offsets("offsets", offsets, count, p.query_length, "q", error);
    if (error.empty())
      check_offsets(key_offsets ? "key_offsets" : "offsets", of_keys(), count, p.key_length, "k",
                    error);
  }

 private:
  // Offsets that start at 0, do not fall and end at the length of the tensor.
  SKIPMAX_INLINE static void check_offsets(const char* name, const index* at, index count,
                                           index length, const char* tensor, error_message& error) {
    for (index s = 0; s <= count; ++s) {
      const index least = s == 0 ? 0 : at[s - 1], most = s == 0 ? 0 : length;
      const bool ends = s == count;
      if (at[s] >= (ends ? length : least) && at[s] <= most) continue;
      error << "segments: " << name << "[" << s << "]: found " << at[s] << ", wanted ";
      if (s == 0)
        error << "0";
      else if (ends)
        error << length << ", the length of " << tensor;
      else
        error << least << " to " << length << ": offsets do not fall";
      return;
    }
  }
};

}  // namespace v0
}  // namespace skipmax
