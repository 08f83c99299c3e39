// A mask gives the interval of keys that a query row sees.
//
//   key_range visible(row_position at) const;      // [first, last), cut to [0, at.key_length)
//   void check(const problem&, error_message&) const;   // optional, as all that follows
//   static constexpr bool rows_alike = true;       // visible() is the same for all query rows of
//                                                  // a sequence
//   index sequence_end(row_position at) const;     // the number of keys of the sequence, if fewer
//                                                  // than at.key_length
//   static constexpr bool has_diagonal = true;     // visible() uses at.own_key()
//   row_position aligned(row_position at) const;   // the row in the sequence in which it has that
//                                                  // position, if that is a shorter one
//   static constexpr bool moves_forward = true;    // from one row that sees keys to the next neither
//                                                  // end decreases, and the rows that see a key are
//                                                  // consecutive
//
// A type derived from a mask inherits these declarations, except a moves_forward that is specialized
// for the mask, as for causal. A mask that is no interval shows one and hides keys of it by a bias:
//
//   static constexpr bool hides_keys = true;
//   template <class V> V bias(row_position at, index key) const;   // 0 or -inf: score_bias.hpp
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

// visible(), cut to the keys that there are.
template <mask_policy M>
SKIPMAX_INLINE key_range visible_range(const M& mask, row_position at) {
  key_range keys = mask.visible(at);
  if (keys.first < 0) keys.first = 0;
  if (keys.last > at.key_length) keys.last = at.key_length;
  return keys.first < keys.last ? keys : key_range{0, 0};
}

// The row, with key_length cut to where the mask ends its sequence.
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

// The row in the sequence to whose end the mask's diagonal is aligned; a bias counts its positions
// in the same sequence.
template <mask_policy M>
SKIPMAX_INLINE row_position aligned(const M& mask, row_position at) {
  if constexpr (requires { mask.aligned(at); })
    return mask.aligned(at);
  else
    return at;
}

}  // namespace v0
}  // namespace skipmax
