// What a row normalizer is: what happens to the weights of one query row as a whole.
//
//   struct by_length {
//     static constexpr bool pointwise = true;                   // no reduction over keys
//     double finish(double length) const;                       // factor for the row's output
//     double length(row_position, index visible, index all);    // optional: the row's L, else 1
//     double shift(double length) const;                        // optional: added to every score
//     void check(const problem&, const Mask&, error_message&);  // optional: says what is wrong
//   };
//
// One that is not point-wise (softmax) carries a state from tile to tile, for a block of rows at once,
// at most row_lanes, and has instead of finish
//
//     static constexpr double score_factor;               // its unit of scores: they come times this
//     state_size<Isa, T>                                   // numbers of one block's state
//     clear<Isa>(T* state)
//     absorb<Isa>(T* state, scorer, T* rescale) -> bool   // scores the tile and makes weights of it;
//                                                         // true if the output so far must be
//                                                         // multiplied by rescale[r]
//     finish<Isa>(const T* state, index head, T* factor)  // factors for the outputs of a head's rows
//
// The scorer has the block (score_block, below), and score(first, last) computes its columns [first, last): their
// scores, h applied, are in block.scores then. Where scorer.raw,
//
//     score.with_epilogue(first, last, block.weights, epilogue)
//
// calls epilogue(row, V (&scores)[n]) while scores are in registers, and stores what it makes of them; for columns
// from score.in_panels() on it is epilogue(rows_of_key, V (&)[1]) instead, lane by row.
//
// And, so that parts over disjoint keys can be merged, two numbers that a part keeps of a row:
//
//     keep<Isa>(const T* state, int r, T* kept), keep_nothing(T* kept)
//     merge<Isa>(T* kept, const T* other, T* factors)     // factors[2] for the outputs of the two
//     finish_kept(const T* kept, index head) -> T         // the factor of the row's output
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/register_block.hpp"

namespace skipmax {
inline namespace v0 {

template <class N>
concept row_normalizer = requires {
  { N::pointwise } -> std::convertible_to<bool>;
}
&&(!N::pointwise || requires(const N n) {
  { n.finish(1.0) } -> std::convertible_to<double>;
});

// No reduction over keys: the weight of a key depends on its own score alone, and parts over
// disjoint keys are merged by adding them.
template <class N>
inline constexpr bool is_pointwise = N::pointwise;

template <class N>
inline constexpr bool reads_length = requires(const N n, row_position at, index keys) {
  n.length(at, keys, keys);
};

template <class N>
inline constexpr bool shifts_scores = requires(const N n) {
  n.shift(1.0);
};

// Parts over disjoint keys can be merged.
template <class N>
inline constexpr bool can_merge = is_pointwise<N> || requires(const N n, double* kept) {
  n.keep_nothing(kept);
  { n.finish_kept(kept, index(0)) } -> std::same_as<double>;
};

// A normalizer with a state that says `packs_weights` leaves them in block.weights, by store_packed.
template <class N>
inline constexpr bool packs_weights = is_pointwise<N>;
template <class N>
requires requires {
  requires N::packs_weights;
}
inline constexpr bool packs_weights<N> = true;

// The scores of one row block over one key tile; ranges count columns of the tile. Weights take their
// place, unless weights are packed in pairs (E).
template <class T, class E = T>
struct score_block {
  T* scores;   // [rows][stride]
  E* weights;  // [rows][stride]
  index stride;
  int rows;
  const key_range* seen;  // [rows], the columns that each row sees
  key_range any, all;     // those that any row, that all rows see
  bool fresh;             // no earlier tile held keys of the block
};

// What an epilogue is told of a register that holds the scores of one key: lane i is row + i.
struct rows_of_key {
  index row, key;  // key counts columns of the tile
};

}  // namespace v0
}  // namespace skipmax
