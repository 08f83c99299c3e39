// The sizes of one attention call and the place of one query row in it, as passed to the
// slots of an attention. Plain data.
#pragma once

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

struct problem {
  // With segments, slots see the number of sequences as batch, and the longest lengths.
  index batch = 0;
  index query_length = 0, key_length = 0;
  index heads = 0, kv_heads = 0;
  index key_dim = 0, value_dim = 0;
};

struct row_position {
  index batch = 0, head = 0, query = 0;
  index query_length = 0;
  index key_length = 0;  // the most keys that the row can see; a mask may show fewer

  // The key at the row's own position: the last query is at the last key (bottom-right aligned).
  SKIPMAX_INLINE constexpr index own_key() const { return key_length - query_length + query; }
};

// The rows of a block as slots see them: consecutive queries of one head.
struct consecutive_rows {
  row_position first;

  SKIPMAX_INLINE row_position operator()(index r) const {
    row_position at = first;
    at.query += r;
    return at;
  }
};

// Where a row of q, k or out lies in the caller's tensor, and its position in its sequence as masks
// and biases count it: own_key, which position embeddings use. It is negative before the first key.
struct row_place {
  index batch = 0, head = 0, position = 0;
  index own_key = 0;
};

// The keys [first, last) that one query row sees; empty where last <= first.
struct key_range {
  index first = 0, last = 0;
};

SKIPMAX_INLINE bool is_empty(key_range a) {
  return a.first >= a.last;
}
SKIPMAX_INLINE bool is_same(key_range a, key_range b) {
  return a.first == b.first && a.last == b.last;
}
SKIPMAX_INLINE key_range intersect(key_range a, key_range b) {
  return {a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last};
}

}  // namespace v0
}  // namespace skipmax
