// The definition of every mask: whether query row i sees key j.
//
//   no_mask         always
//   causal          j - (key length - 1) <= i - (query length - 1)
//   sliding_window  -before <= (j - (key length - 1)) - (i - (query length - 1)) <= after
//   key_lengths     j < lengths[batch]
//   dense_mask      the byte [batch, head, i, j] is not 0
//   bit_mask        the bit [batch, head, i, j] is 1
//   both(A, B)      A and B; if A ends the sequence early (key_lengths), B sees it end there
//
// In dense_mask and bit_mask a size of 1 serves all batches, heads or rows. Any other mask is asked
// for its own visible(at), and for bias(at, j) if it hides single keys. Hiding single keys does not
// end a sequence, even if they are its last ones.
#pragma once

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/dense_mask.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "skipmax/mask/sliding_window.hpp"
#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {
namespace reference {

template <class Isa>
bool sees(no_mask, row_position, index) {
  return true;
}

template <class Isa>
bool sees(causal, row_position at, index j) {
  return j - (at.key_length - 1) <= at.query - (at.query_length - 1);
}

template <class Isa>
bool sees(sliding_window mask, row_position at, index j) {
  const index difference = (j - (at.key_length - 1)) - (at.query - (at.query_length - 1));
  return -mask.before <= difference && difference <= mask.after;
}

template <class Isa>
bool sees(key_lengths mask, row_position at, index j) {
  return j < mask.lengths[at.batch];
}

// The index of the row in a mask of bytes or bits, [batch or 1, heads or 1, query length or 1].
template <class Isa, class Mask>
index row_number(const Mask& mask, row_position at) {
  const index b = mask.batch == 1 ? 0 : at.batch;
  const index h = mask.heads == 1 ? 0 : at.head;
  const index i = mask.query_length == 1 ? 0 : at.query;
  return (b * mask.heads + h) * mask.query_length + i;
}

template <class Isa, class Flag>
bool sees(const dense_mask<Flag>& mask, row_position at, index j) {
  return mask.data[row_number<Isa>(mask, at) * mask.row_stride + j] != 0;
}

template <class Isa>
bool sees(bit_mask mask, row_position at, index j) {
  const int byte = mask.data[row_number<Isa>(mask, at) * mask.row_stride + j / 8];
  return byte >> j % 8 & 1;
}

template <class Isa>
bool is_minus_infinity(double bias) {
  return bias == -std::numeric_limits<double>::infinity();
}

template <class Isa, class Mask>
bool sees(const Mask& mask, row_position at, index j) {
  const key_range range = mask.visible(at);
  if (j < range.first || range.last <= j) return false;
  if constexpr (hides_single_keys<Mask>)
    return !is_minus_infinity<Isa>(mask.template bias<double>(at, j));
  return true;
}

// The keys of [0, key length) that the row sees, in ascending order.
template <class Isa, class Mask>
std::vector<index> visible(const Mask& mask, row_position at) {
  std::vector<index> keys;
  for (index j = 0; j < at.key_length; ++j)
    if (sees<Isa>(mask, at, j)) keys.push_back(j);
  return keys;
}

// Where the mask ends the row's sequence. Only a mask with sequence_end, such as key_lengths, does.
template <class Isa, class Mask>
index end_of(const Mask& mask, row_position at) {
  if constexpr (requires { mask.sequence_end(at); })
    return std::min(at.key_length, mask.sequence_end(at));
  return at.key_length;
}

template <class Isa, class First, class Second>
index end_of(const both<First, Second>& mask, row_position at) {
  at.key_length = end_of<Isa>(mask.first, at);
  return end_of<Isa>(mask.second, at);
}

template <class Isa, class First, class Second>
std::vector<index> visible(const both<First, Second>& mask, row_position at) {
  const std::vector<index> first = visible<Isa>(mask.first, at);
  at.key_length = end_of<Isa>(mask.first, at);
  const std::vector<index> second = visible<Isa>(mask.second, at);
  std::vector<index> keys;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(keys));
  return keys;
}

// The row in the sequence to whose end the mask's diagonal is aligned. Of two masks the second's
// diagonal counts, if it has one. A bias counts its positions in the same sequence.
template <class Isa, class Mask>
row_position on_diagonal(const Mask& mask, row_position at) {
  if constexpr (requires { mask.aligned(at); }) return mask.aligned(at);
  return at;
}

template <class Isa, class First, class Second>
row_position on_diagonal(const both<First, Second>& mask, row_position at) {
  if constexpr (!has_diagonal<Second>) return on_diagonal<Isa>(mask.first, at);
  at.key_length = end_of<Isa>(mask.first, at);
  return on_diagonal<Isa>(mask.second, at);
}

}  // namespace reference
}  // namespace v0
}  // namespace skipmax
