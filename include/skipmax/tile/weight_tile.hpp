// Scores to weights, h(cap(s) + shift), for one row block and the keys of one tile.
//
// A score function of few operations (relu) is applied to the accumulators of q k^T themselves. One
// with an exponential inside would be written out MR * NV times in each kernel for nothing: it runs
// over the scores once they are stored, in a loop of its own, while they are in the L1 cache.
#pragma once

#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/score/identity.hpp"
#include "skipmax/score/softcap.hpp"
#include "skipmax/tile/score_tail.hpp"
#include "skipmax/tile/score_tile.hpp"

namespace skipmax {
inline namespace v0 {

template <class Score>
inline constexpr bool has_few_operations = requires {
  requires Score::few_operations;
};

template <class Score>
struct weight_epilogue {
  Score score;
  template <class V>
  SKIPMAX_INLINE V operator()(V s) const {
    return score.value(s);
  }
};

// scores[r][first .. last) in whole registers; shift[r] is added where the normalizer asks for it.
template <class Isa, bool Shifted, class T, class Score, class Cap>
SKIPMAX_NOINLINE void weigh_rows(const score_block<T>& block, index first, index last,
                                 const T* shift, const Score& score, const Cap& cap) {
  using V = simd<T, Isa>;
  for (int r = 0; r < block.rows; ++r) {
    T* row = block.scores + r * block.stride;
    for (index j = first / lanes<T, Isa> * lanes<T, Isa>; j < last; j += lanes<T, Isa>) {
      V s = cap.cap(V::load_aligned(row + j));
      if constexpr (Shifted) s = s + V(shift[r]);
      score.value(s).store_aligned(row + j);
    }
  }
}

// The packed keys of one tile: all in panels, but for the last few, which may stand in rows instead.
template <class T>
struct packed_keys {
  T* panels;  // [key panels][dim][NR]
  T* tail;    // [tail][dim in whole registers]
  index dim, tail_keys;
};

template <class Isa, class T, class Epilogue>
SKIPMAX_INLINE void score_keys(const T* q, const packed_keys<T>& k, index first, index last,
                               const score_block<T>& block, Epilogue epilogue) {
  last -= k.tail_keys;
  score_tile<Isa>(q, block.rows, k.panels, k.dim, first, last, block.scores, epilogue);
  if (k.tail_keys > 0)
    score_tail<Isa>(q, block.rows, k.tail, k.dim, k.tail_keys, block.scores + last, epilogue);
}

// h of every score in columns [first, last), before any normalizer with a state has seen them.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void weight_tile(const Attention& a, const T* q, const packed_keys<T>& k,
                                index first, index last, const score_block<T>& block,
                                const T* shift) {
  using Score = decltype(a.score);
  using Cap = decltype(a.cap);
  constexpr bool shifted = shifts_scores<decltype(a.normalizer)>;
  constexpr bool plain = std::is_same_v<Cap, no_cap> && !shifted;
  if constexpr (plain && std::is_same_v<Score, identity>) {
    score_keys<Isa>(q, k, first, last, block, raw_scores{});
  } else if constexpr (plain && has_few_operations<Score>) {
    score_keys<Isa>(q, k, first, last, block, weight_epilogue<Score>{a.score});
  } else {
    score_keys<Isa>(q, k, first, last, block, raw_scores{});
    weigh_rows<Isa, shifted>(block, first, last, shift, a.score, a.cap);
  }
}

}  // namespace v0
}  // namespace skipmax
