// Ragged batches without padding: sequences of different lengths, one after the other along the
// length axis of tensors of batch 1.
//
//   sequence s: rows [offsets[s], offsets[s + 1]) of q and out and, without key_offsets, of k and v
//
// A query sees only the keys of its own sequence, as if it were alone in the call. Masks, biases
// and divisors get the sequence number as row_position.batch, and positions and lengths within it.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

struct segments {
  const index* offsets = nullptr;      // [count + 1], non-decreasing from 0 to the length of q
  index count = -1;                    // sequences; -1: those of the batch, all of one length
  const index* key_offsets = nullptr;  // [count + 1], of k and v; null: the same as offsets

  SKIPMAX_INLINE bool given() const { return count >= 0; }
  SKIPMAX_INLINE const index* of_keys() const { return key_offsets ? key_offsets : offsets; }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    if (count < -1 || count == __INT64_MAX__ || (count == -1 && (offsets || key_offsets)))
      error << "segments: count: found " << count
            << ", wanted the number of sequences, 0 or more: [count + 1] offsets";
    if (!given() || !error.empty()) return;
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
  // Offsets must start at 0, never decrease and end at the length of the tensor.
  SKIPMAX_INLINE static void check_offsets(const char* name, const index* at, index count,
                                           index length, const char* tensor, error_message& error) {
    for (index s = 0; s <= count; ++s) {
      const index least = s == 0 ? 0 : at[s - 1];
      const bool begins = s > 0 || at[s] == 0, ends = s < count || at[s] == length;
      if (begins && ends && at[s] >= least && at[s] <= length) continue;
      error << "segments: " << name << "[" << s << "]: found " << at[s] << ", wanted ";
      if (!begins)
        error << "0";
      else if (s == count)
        error << length << ", the length of " << tensor;
      else
        error << least << " to " << length << ": offsets do not fall";
      return;
    }
  }
};

// The mask with each sequence's own lengths. Rows beyond the end of a sequence see nothing. For
// checks that go over as many rows as the longest sequence has.
template <class Mask>
struct mask_of_segments {
  const Mask& mask;
  const segments& sequences;

  SKIPMAX_INLINE key_range visible(row_position at) const {
    if (sequences.given()) {
      const index *q = sequences.offsets + at.batch, *k = sequences.of_keys() + at.batch;
      at.query_length = q[1] - q[0], at.key_length = k[1] - k[0];
    }
    if (at.query >= at.query_length) return {0, 0};
    const key_range keys = mask.visible(at);
    return {keys.first, keys.last < at.key_length ? keys.last : at.key_length};
  }
};

}  // namespace v0
}  // namespace skipmax
