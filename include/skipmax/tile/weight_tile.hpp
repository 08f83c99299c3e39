// Scores to weights, h(cap(s) + shift), for one row block and the keys of one tile.
//
// A score function of few operations (relu) is applied to the accumulators of q k^T themselves, and so
// is softmax's exponential. Another with an exponential inside would be written out MR * NV times in
// each kernel for nothing: it runs over the scores once they are stored, in a loop of its own, while
// they are in the L1 cache.
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
  template <class V, std::size_t NV>
  SKIPMAX_INLINE void operator()(int, V (&s)[NV]) const {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < NV; ++v) s[v] = score.value(s[v]);
  }
};

// The packed keys of one tile: all in panels, but for the last few, which may stand in rows instead.
template <class T>
struct packed_keys {
  T* panels;  // [key panels][dim][NR]
  T* tail;    // [keys from in_panels on][dim in whole registers]
  index dim, in_panels;
};

// A normalizer with a state and nothing before it: it takes scores out of the accumulators, in its own
// unit, which is part of the scale of q.
template <class Attention>
inline constexpr bool takes_raw_scores = !is_pointwise<decltype(Attention::normalizer)> &&
                                         !shifts_scores<decltype(Attention::normalizer)> &&
                                         std::is_same_v<decltype(Attention::cap), no_cap> &&
                                         std::is_same_v<decltype(Attention::score), identity>;

// Scores of one row block over one key tile, a range of columns at a time.
template <class Isa, class T, class Attention>
struct block_scorer {
  using Score = decltype(Attention::score);
  using Cap = decltype(Attention::cap);
  using Normalizer = decltype(Attention::normalizer);
  static constexpr bool shifted = shifts_scores<Normalizer>;
  static constexpr bool plain = std::is_same_v<Cap, no_cap> && !shifted;
  static constexpr bool raw = takes_raw_scores<Attention>;

  const Attention& a;
  const T* q;      // [depth panels][MR][depth_stride]
  const T* shift;  // [rows], where the normalizer asks for it
  packed_keys<T> k;
  score_block<T> block;

  // Columns [first, last) with an epilogue of their own.
  template <class Epilogue>
  SKIPMAX_INLINE void with_epilogue(index first, index last, Epilogue epilogue) const {
    if (first >= last) return;
    score_tile<Isa>(q, block.rows, k.panels, k.dim, first, last < k.in_panels ? last : k.in_panels,
                    block.scores, epilogue);
    if (last > k.in_panels)
      score_tail<Isa>(q, block.rows, k.tail, k.dim, last - k.in_panels, block.scores + k.in_panels,
                      epilogue);
  }

  // Columns [first, last) become h(cap(s) + shift).
  SKIPMAX_INLINE void operator()(index first, index last) const {
    if (first >= last) return;
    if constexpr (raw || (plain && std::is_same_v<Score, identity> && is_pointwise<Normalizer>)) {
      with_epilogue(first, last, raw_scores{});
    } else if constexpr (plain && has_few_operations<Score> && is_pointwise<Normalizer>) {
      with_epilogue(first, last, weight_epilogue<Score>{a.score});
    } else {
      with_epilogue(first, last, raw_scores{});
      weigh_rows(first, last);
    }
  }

 private:
  SKIPMAX_NOINLINE void weigh_rows(index first, index last) const {
    using V = simd<T, Isa>;
    constexpr index W = lanes<T, Isa>;
    for (int r = 0; r < block.rows; ++r)
      for (index j = first / W * W; j < last; j += W) {
        T* at = block.scores + r * block.stride + j;
        V s = a.cap.cap(V::load_aligned(at));
        if constexpr (shifted) s = s + V(shift[r]);
        s = a.score.value(s);
        if constexpr (!is_pointwise<Normalizer>)
          s = s * V(static_cast<T>(Normalizer::score_factor));
        s.store_aligned(at);
      }
  }
};

}  // namespace v0
}  // namespace skipmax
