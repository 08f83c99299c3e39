// The interface of a row normalizer: what happens to the weights of one query row as a whole.
//
//   struct by_length {
//     static constexpr bool pointwise = true;                   // no reduction over keys
//     double finish(double length) const;                       // factor for the row's output
//     double length(row_position, index visible, index all);    // optional: the row's L, else 1
//     double shift(double length) const;                        // optional: added to every score
//     void check(const problem&, const Mask&, error_message&);  // optional: says what is wrong
//   };
//
// One that is not point-wise (softmax) carries a state from tile to tile, for a block of at most
// row_lanes rows at once. Instead of finish above it has
//
//     static constexpr double score_factor;               // scores arrive multiplied by this
//     state_size<Isa, T>                                  // of one block, in numbers
//     clear<Isa>(T* state)
//     absorb<Isa>(T* state, scorer, T* rescale) -> bool   // turns the tile's scores to weights;
//                                                         // true if the output so far must be
//                                                         // multiplied by rescale[r]
//     finish<Isa>(const T* state, index head, T* factor)  // factors for the outputs of one head
//
// The scorer has the block (score_block, below). score(first, last) computes the scores of columns
// [first, last), h applied, and leaves them in block.scores. If scorer.raw is true,
//
//     score.with_epilogue(first, last, block.weights, epilogue)
//
// calls epilogue(row, V (&scores)[n]) while scores are in registers, and stores what it leaves
// there. For columns from score.in_panels() on it calls epilogue(rows_of_key, V (&)[1]), with a row
// in each lane.
//
// For merging parts over disjoint keys, a part keeps two numbers for each row:
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

// True if there is no reduction over keys: the weight of a key depends on its own score alone, and
// parts over disjoint keys are merged by adding them.
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

// True if parts over disjoint keys can be merged.
template <class N>
inline constexpr bool can_merge = is_pointwise<N> || requires(const N n, double* kept) {
  n.keep_nothing(kept);
  { n.finish_kept(kept, index(0)) } -> std::same_as<double>;
};

// True if weights can be packed. A normalizer with a state declares `packs_weights` if it leaves
// weights in block.weights, by store_packed.
template <class N>
inline constexpr bool packs_weights = is_pointwise<N>;
template <class N>
requires requires {
  requires N::packs_weights;
}
inline constexpr bool packs_weights<N> = true;

// The scores of one row block over one key tile. Ranges count columns of the tile. Weights take the
// place of scores unless they are packed in pairs (E).
template <class T, class E = T>
struct score_block {
  T* scores;   // [rows][stride]
  E* weights;  // [rows][stride]
  index stride;
  int rows;
  const key_range* seen;  // [rows], the columns that each row sees
  key_range any, all;     // the columns that at least one row sees; that all rows see
  bool fresh;             // true if no earlier tile held keys of the block
};

// Tells an epilogue that a register holds the scores of one key: lane i is row + i.
struct rows_of_key {
  index row, key;  // key counts columns of the tile
};

}  // namespace v0
}  // namespace skipmax
