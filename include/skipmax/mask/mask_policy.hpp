// What a mask is: the interval of keys that a query row sees.
//
//   key_range visible(row_position at) const;             // [first, last), cut to [0, at.key_length)
//   void check(const problem&, error_message&) const;     // optional: says what is wrong with it
//   static constexpr bool rows_alike = true;              // optional: visible() is the same for every
//                                                         // query row of a sequence
//   index sequence_end(row_position at) const;            // optional: the keys that the sequence has,
//                                                         // if it is shorter than at.key_length
//   static constexpr bool has_diagonal = true;            // optional: what is seen goes by the position
//                                                         // of the query in its sequence
//   row_position aligned(row_position at) const;          // optional: the row in the sequence that such
//                                                         // a position is of, if it is shorter
//   static constexpr bool moves_forward = true;           // optional: from one query that sees keys to
//                                                         // the next neither end goes back, and between
//                                                         // two that see a key all see it
//
// A mask derived from another promises what that one does, but for moves_forward of those that are here.
// One that is no interval hides single keys among those it shows, by a bias of -infinity:
//
//   static constexpr bool hides_keys = true;
//   template <class V> V bias(row_position at, index key) const;   // 0 or -infinity: score_bias.hpp
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

template <class M>
concept mask_policy = requires(const M m, row_position at) {
  { m.visible(at) } -> std::same_as<key_range>;
};

template <class M>
inline constexpr bool sees_alike = requires {
  requires M::rows_alike;
};

template <class M>
inline constexpr bool moves_forward = sees_alike<M> || requires {
  requires M::moves_forward;
};

// The keys that a row sees, within the keys there are.
template <mask_policy M>
SKIPMAX_INLINE key_range visible_range(const M& mask, row_position at) {
  key_range keys = mask.visible(at);
  if (keys.first < 0) keys.first = 0;
  if (keys.last > at.key_length) keys.last = at.key_length;
  return keys.first < keys.last ? keys : key_range{0, 0};
}

// The row in the sequence as the mask ends it.
template <mask_policy M>
SKIPMAX_INLINE row_position cut_to_sequence(const M& mask, row_position at) {
  if constexpr (requires { mask.sequence_end(at); })
    if (const index end = mask.sequence_end(at); end < at.key_length) at.key_length = end;
  return at;
}

template <class M>
inline constexpr bool has_diagonal = requires {
  requires M::has_diagonal;
};

// The row in the sequence to whose end the mask's diagonal is aligned, and with it the positions that a
// bias counts.
template <mask_policy M>
SKIPMAX_INLINE row_position aligned(const M& mask, row_position at) {
  if constexpr (requires { mask.aligned(at); })
    return mask.aligned(at);
  else
    return at;
}

}  // namespace v0
}  // namespace skipmax
