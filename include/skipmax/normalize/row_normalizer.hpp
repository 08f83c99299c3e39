// What a row normalizer is: what happens to the weights of one query row as a whole.
//
//   struct by_length {
//     static constexpr int state_size = 0;                      // numbers that a row carries from
//                                                               // key to key; 0: point-wise
//     double finish(double length) const;                       // factor for the row's output
//     double length(row_position, index visible, index all);    // optional: the row's L, else 1
//     double shift(double length) const;                        // optional: added to every score
//     void check(const problem&, const Mask&, error_message&);  // optional: says what is wrong
//   };
//
// One with a state (softmax) works on a block of rows at once and has instead of finish
//
//     clear<Isa>(T* state)                      // state [state_size][row_lanes]
//     absorb<Isa>(T* state, block) -> bool      // scores become weights, in place; true if the output
//                                               // so far must be multiplied by block.rescale[r]
//     finish<Isa>(const T* state, T* factor)    // factors for the rows' outputs
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/register_block.hpp"

namespace skipmax {
inline namespace v0 {

template <class N>
concept row_normalizer = requires {
  { N::state_size } -> std::convertible_to<int>;
};

// No reduction over keys: the weight of a key depends on its own score alone, and parts over
// disjoint keys are merged by adding them.
template <class N>
inline constexpr bool is_pointwise = N::state_size == 0;

template <class N>
inline constexpr bool reads_length = requires(const N n, row_position at, index keys) {
  n.length(at, keys, keys);
};

template <class N>
inline constexpr bool shifts_scores = requires(const N n) {
  n.shift(1.0);
};

// Rows of a block, padded so that their numbers fill whole registers.
template <class T, class Isa>
inline constexpr int row_lanes =
    (register_block<T, Isa>::rows + lanes<T, Isa> - 1) / lanes<T, Isa>* lanes<T, Isa>;

// The scores of one row block over one key tile.
template <class T>
struct score_block {
  T* scores;  // [rows][stride]
  index stride;
  int rows;
  const key_range* seen;  // [rows], the columns that each row sees
  T* rescale;             // [row_lanes], written by absorb
};

}  // namespace v0
}  // namespace skipmax
