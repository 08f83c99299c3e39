// Scores to weights, h(cap(s) + bias + shift), for one row block and the keys of one tile.
//
// A score function of few operations (relu) is applied to the accumulators of q k^T themselves, and so
// is softmax's exponential. Another with an exponential inside would be written out MR * NV times in
// each kernel for nothing: it runs over the scores once they are stored, in a loop of its own, while
// they are in the L1 cache.
#pragma once

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/mask/mask_policy.hpp"
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

template <class Attention>
inline constexpr bool has_bias = !std::is_same_v<decltype(Attention::bias), no_bias>;

// Single keys may be hidden, by the mask or by a bias of -inf: their weights are zeros among others.
template <class Attention>
inline constexpr bool hides =
    hides_single_keys<decltype(Attention::mask)> || hides_single_keys<decltype(Attention::bias)>;

// How many are, the divisor wants to know, and what comes after the sum: a row that sees no key stays
// zeros, whatever transforms of out would make of it. (softmax has it from the sum of its weights.)
template <class Attention>
inline constexpr bool counts_hidden = hides<Attention> &&
                                      (reads_length<decltype(Attention::normalizer)> ||
                                       (is_pointwise<decltype(Attention::normalizer)> &&
                                        decltype(Attention::rows)::changes_out));

// A normalizer with a state and nothing before it: it takes scores out of the accumulators, in its own
// unit, which is part of the scale of q.
template <class Attention>
inline constexpr bool takes_raw_scores =
    !is_pointwise<decltype(Attention::normalizer)> &&
    !shifts_scores<decltype(Attention::normalizer)> &&
    std::is_same_v<decltype(Attention::cap), no_cap> && !has_bias<Attention> && !hides<Attention> &&
    std::is_same_v<decltype(Attention::score), identity>;

template <class V>
SKIPMAX_INLINE auto is_hidden(V bias) {
  return bias == math::constant<V>(-__builtin_inf());
}

// What bias and mask together add to scores. A copy of the two slots: through a reference the compiler
// would work out every pointer again for each register, for all it knows a store has changed them.
template <class Isa, class T, class Attention>
struct score_addends {
  using V = simd<T, Isa>;
  static constexpr bool any = has_bias<Attention> || hides<Attention>;
  static constexpr bool by_mask = hides_single_keys<decltype(Attention::mask)>;

  decltype(Attention::bias) bias;
  decltype(Attention::mask) mask;

  // For the keys from `key` on, within the sequence; of a register that reaches beyond it the rest is
  // zeros.
  SKIPMAX_INLINE V of(row_position at, index key) const {
    constexpr index W = lanes<T, Isa>;
    const row_position on_diagonal = aligned(mask, at);
    const index last =
        at.key_length < on_diagonal.key_length ? at.key_length : on_diagonal.key_length;
    if (key + W <= last) return sum<V>(at, on_diagonal, key);
    alignas(64) T edge[W];
    for (index i = 0; i < W; ++i)
      edge[i] = key + i < last ? sum<T>(at, on_diagonal, key + i) : T(0);
    return V::load_aligned(edge);
  }

  template <class N>
  SKIPMAX_INLINE N sum(row_position at, row_position on_diagonal, index key) const {
    N all = math::constant<N>(0);
    if constexpr (by_mask) all = mask.template bias<N>(at, key);
    if constexpr (has_bias<Attention>) {
      const N of_pair = bias.template bias<N>(on_diagonal, key);
      if constexpr (by_mask)  // no sum: what the mask hides may have a bias of NaN or infinity
        all = math::select(is_hidden(all), all, of_pair);
      else
        all = of_pair;
    }
    return all;
  }
};

// Hidden keys among [keys.first, keys.last) of row `at`.
template <class Isa, class T, class Attention>
SKIPMAX_NOINLINE T count_hidden(const Attention& a, row_position at, key_range keys) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  const score_addends<Isa, T, Attention> addends{a.bias, a.mask};
  const V one(T(1)), zero(T(0)), lane = math::lane_numbers<V>();
  V count = zero;
  for (index j = keys.first / W * W; j < keys.last; j += W) {
    V here = math::select(is_hidden(addends.of(at, j)), one, zero);
    if (j < keys.first) here = math::select(lane < V(static_cast<T>(keys.first - j)), zero, here);
    if (j + W > keys.last) here = math::select(lane < V(static_cast<T>(keys.last - j)), here, zero);
    count = count + here;
  }
  alignas(64) T of_lanes[V::size];
  count.store_aligned(of_lanes);
  T sum = T(0);
  for (index i = 0; i < W; ++i) sum += of_lanes[i];
  return sum;
}

// Scores of one row block over one key tile, a range of columns at a time.
template <class Isa, class T, class Attention>
struct block_scorer {
  using Score = decltype(Attention::score);
  using Cap = decltype(Attention::cap);
  using Normalizer = decltype(Attention::normalizer);
  static constexpr bool shifted = shifts_scores<Normalizer>;
  static constexpr bool biased = score_addends<Isa, T, Attention>::any;
  static constexpr bool plain = std::is_same_v<Cap, no_cap> && !shifted && !biased;
  static constexpr bool raw = takes_raw_scores<Attention>;

  const Attention& a;
  const T* q;      // [depth panels][MR][depth_stride]
  const T* shift;  // [rows], where the normalizer asks for it
  packed_keys<T> k;
  score_block<T> block;
  row_position first_row;
  index first_key;  // of the tile

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
    const score_addends<Isa, T, Attention> addends{a.bias, a.mask};
    row_position row = first_row;
    for (int r = 0; r < block.rows; ++r, ++row.query)
      for (index j = first / W * W; j < last; j += W) {
        T* at = block.scores + r * block.stride + j;
        V s = a.cap.cap(V::load_aligned(at));
        [[maybe_unused]] V bias(T(0));
        if constexpr (biased) bias = addends.of(row, first_key + j), s = s + bias;
        if constexpr (shifted) s = s + V(shift[r]);
        s = a.score.value(s);
        if constexpr (!is_pointwise<Normalizer>)
          s = s * V(static_cast<T>(Normalizer::score_factor));
        if constexpr (hides<Attention>) s = math::select(is_hidden(bias), weight_of_hidden(), s);
        s.store_aligned(at);
      }
  }

  // As a weight, or as a score that softmax makes a weight of zero of.
  SKIPMAX_INLINE static simd<T, Isa> weight_of_hidden() {
    return simd<T, Isa>(is_pointwise<Normalizer> ? T(0) : static_cast<T>(-__builtin_inf()));
  }
};

}  // namespace v0
}  // namespace skipmax
