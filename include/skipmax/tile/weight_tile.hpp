// Scores to weights, h(cap(s) + bias + shift), for one row block and the keys of one tile.
//
// A score function of few operations (relu) is applied to the accumulators of q k^T themselves, and
// so is softmax's exponential. Any other with an exponential would be unrolled MR * NV times in
// each kernel for no gain: it runs over the stored scores in a loop of its own, while they are in
// the L1 cache. Bias and mask are added in the same place.
#pragma once

#include <type_traits>

#include "skipmax/row/row_slots.hpp"
#include "skipmax/score/identity.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/score/softcap.hpp"
#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "skipmax/tile/score_addends.hpp"
#include "skipmax/tile/score_tail.hpp"
#include "skipmax/tile/score_tile.hpp"
#include "skipmax/tile/stored_scores.hpp"

namespace skipmax {
inline namespace v0 {

template <class Score>
struct weight_epilogue {
  Score score;
  template <class Row, class V, std::size_t NV>
  SKIPMAX_INLINE void operator()(Row, V (&s)[NV]) const {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < NV; ++v) s[v] = score.value(s[v]);
  }
};

// The packed keys of one tile, in panels, except that the last few may be in rows instead.
template <class E>
struct packed_keys {
  E* panels;  // [key panels][depth][NR]
  E* tail;    // [keys from in_panels on][depth in whole registers]
  index depth, in_panels;
};

// Multiplies scores by a scale that is not in packed q, then applies `then`. The product is rounded
// before anything is added to it, as stored scores are: the compiler must not fuse the two.
template <class T, class Epilogue>
struct scaled_epilogue {
  T scale;
  Epilogue then;

  SKIPMAX_INLINE auto at(index j) const requires requires { then.at(j); }
  { return scaled_epilogue<T, decltype(then.at(j))>{scale, then.at(j)}; }
  template <class Row, class V, std::size_t NV>
  SKIPMAX_INLINE void operator()(Row r, V (&s)[NV]) const {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < NV; ++v) {
      s[v] = s[v] * V(scale);
      keep_in_register(s[v]);
    }
    then(r, s);
  }
};

// Whether value rows of zero weight can be left out.
template <class Attention>
inline constexpr bool can_skip_values =
    is_pointwise<decltype(Attention::normalizer)>&& has_exact_zeros<decltype(Attention::score)>;

// A normalizer with a state, and only bias and mask before it: it takes scores from the
// accumulators, in its own unit, which is part of the scale of q.
template <class Attention>
inline constexpr bool takes_raw_scores = !is_pointwise<decltype(Attention::normalizer)> &&
                                         !shifts_scores<decltype(Attention::normalizer)> &&
                                         std::is_same_v<decltype(Attention::cap), no_cap> &&
                                         std::is_same_v<decltype(Attention::score), identity>;

// h is applied to the accumulators: only bias and mask may come before it.
template <class Attention>
inline constexpr bool applies_in_registers = is_pointwise<decltype(Attention::normalizer)> &&
                                             !shifts_scores<decltype(Attention::normalizer)> &&
                                             std::is_same_v<decltype(Attention::cap), no_cap> &&
                                             has_few_operations<decltype(Attention::score)>;
// The same without any bias or hidden keys.
template <class Attention>
inline constexpr bool weighs_in_registers =
    applies_in_registers<Attention> && !has_bias<Attention> && !hides<Attention>;
// A bias or hidden keys are added in the accumulators, for h or for a normalizer of raw scores.
template <class Attention>
inline constexpr bool adds_in_registers = (applies_in_registers<Attention> ||
                                           takes_raw_scores<Attention>)&&(has_bias<Attention> ||
                                                                          hides<Attention>);

// The scale would round pairs in packed q. So it is left to the finished row, except for its sign,
// or else to each score. Up to a degree of 4: plan.hpp says how far a row's factor may be from 1.
template <class Attention, class E>
inline constexpr bool scales_rows =
    is_pair<E>&& weighs_in_registers<Attention> &&
    (degree_of<decltype(Attention::score)>) > 0 && degree_of<decltype(Attention::score)> <= 4;

// The lines of out that a row block will write are prefetched with its last scores. This is no gain
// if weights are made in the accumulators without addends, and a loss for short tasks of pairs.
template <class Attention, class E>
inline constexpr bool fetches_out = !is_pair<E> && !weighs_in_registers<Attention>;
// In bytes. More than 16 lines, for few keys or wide values, would have to be waited for.
inline constexpr index most_out_a_panel = 16 * 64;

// Prefetches the biases of the next row block while scores are computed: with each panel whole rows
// of the tile, a few lines at each step. All lines at once would wait for each other; a few keys of
// many rows would wait for the memory to open as many of its own rows.
template <class Bias>
struct bias_fetch {
  Bias bias;
  row_position row;  // of the next block
  index last_row;    // of those that are fetched during this panel
  key_range tile;    // keys
  index key;         // of the row, the next one
  index keys_a_step;

  SKIPMAX_INLINE void operator()() {
    for (index keys = keys_a_step; keys > 0 && row.query < last_row;) {
      const index rest = tile.last - key, some = rest < keys ? rest : keys;
      bias.fetch(row, key, some);
      keys -= some, key += some;
      if (key == tile.last) key = tile.first, ++row.query;
    }
  }
};

// Scores of one row block over one key tile, a range of columns at a time.
template <class Isa, class T, class Attention, class E = T>
struct block_scorer {
  using Score = decltype(Attention::score);
  using Normalizer = decltype(Attention::normalizer);
  static constexpr bool raw = takes_raw_scores<Attention>;
  // Much of what is fetched into L1 is evicted before it is read, yet this is 1 to 2 % faster than
  // L2; short tasks of pairs lose as much.
  static constexpr cache_level fetched_into = is_pair<E> ? cache_level::l2 : cache_level::l1;

  const Attention& a;
  const E* q;      // [depth panels][MR][depth_panel]
  T scale;         // of pairs, unless scales_rows
  const T* shift;  // [rows], if shifts_scores
  packed_keys<E> k;
  score_block<T, E> block;
  row_position first_row;
  index first_key;          // of the tile
  index* hidden;            // [rows], += the hidden keys, if counts_hidden
  upcoming_reads& next;     // a part is prefetched with each panel,
  upcoming_finish& finish;  // and a part of this

  // Columns from here on are scored by score_tail.
  SKIPMAX_INLINE index in_panels() const { return k.in_panels; }

  // Scores columns [first, last) with a given epilogue, whose results go to `to`: block.scores or
  // block.weights.
  template <class To, class Epilogue>
  SKIPMAX_INLINE void with_epilogue(index first, index last, To* to, Epilogue epilogue) const {
    if (first >= last) return;
    if constexpr (adds_in_registers<Attention>)
      score_with_addends(first, last, to, epilogue);
    else
      score_scaled(first, last, to, epilogue);
  }

  // Computes h(cap(s) + bias + shift) for columns [first, last): weights, or the scores that a
  // normalizer with a state makes weights of.
  SKIPMAX_INLINE void operator()(index first, index last) const {
    if (first >= last) return;
    if constexpr (weighs_in_registers<Attention>) {
      with_epilogue(first, last, results(), weight_epilogue<Score>{a.score});
    } else if constexpr (raw && adds_in_registers<Attention>) {
      score_scaled(first, last, block.scores, raw_scores{});
      add_to_rows<Isa, T>(a, block, consecutive_rows{first_row}, first_key, first, last);
    } else if constexpr (raw || adds_in_registers<Attention>) {
      with_epilogue(first, last, results(), raw_scores{});
    } else {
      with_epilogue(first, last, block.scores, raw_scores{});
      weigh_stored(first, last);
    }
  }

 private:
  SKIPMAX_INLINE void weigh_stored(index first, index last) const {
    if constexpr (has_bias<Attention> && !hides<Attention>) {
      constexpr index W = lanes<T, Isa>;
      const index start = first / W * W, whole = whole_columns(last, W);
      if (const row_matrix<const T> biases = biases_in_memory(start, whole); biases.data) {
        weigh_rows_beside<Isa, T>(a, block, results(), biases, shift, start, whole);
        first = whole;
      }
    }
    if (first < last)
      weigh_rows<Isa, T>(a, block, results(), consecutive_rows{first_row}, first_key, shift, hidden,
                         first, last);
  }

  // `last` rounded up to a multiple, or one multiple less if that is beyond the sequence.
  SKIPMAX_INLINE index whole_columns(index last, index multiple) const {
    const index whole = round_up(last, multiple);
    return first_key + whole > aligned(a.mask, first_row).key_length ? whole - multiple : whole;
  }
  SKIPMAX_INLINE row_matrix<const T> biases_in_memory(index first, index last) const {
    return score_addends<Isa, T, Attention>{a.bias, a.mask}.in_memory(
        first_row, block.rows, first_key + first, first_key + last);
  }

  template <class To, class Epilogue>
  SKIPMAX_INLINE void score_scaled(index first, index last, To* to, Epilogue epilogue) const {
    if constexpr (is_pair<E> && !scales_rows<Attention, E>)
      score_columns(first, last, to, scaled_epilogue<T, Epilogue>{scale, epilogue});
    else
      score_columns(first, last, to, epilogue);
  }

  // Panels whose addends lie in memory read them there; for the others they are laid out first.
  template <class To, class Epilogue>
  SKIPMAX_INLINE void score_with_addends(index first, index last, To* to, Epilogue epilogue) const {
    constexpr index NR = register_block<T, Isa>::columns;
    const consecutive_rows position{first_row};
    const row_matrix<T> scores{block.scores, block.stride};
    bool found = false;
    addends_of_block<Isa, T, score_with_addend_of<Attention>, Epilogue> addends{
        {a.score}, epilogue, {scores.data, scores.stride}, {}, {}, block.rows, &found};
    const index start = first / NR * NR;
    const index whole = whole_columns(last < k.in_panels ? last : k.in_panels, NR);
    if (is_exact_block<Isa, T>(block.rows)) addends.there = biases_in_memory(start, whole);
    index rest = first;
    if (addends.there.data) {
      addends.in_memory = {start, whole};
      rest = whole < k.in_panels ? whole : k.in_panels;  // the tail reads laid out addends
    }
    if (rest < last)
      lay_out_addends<Isa, T>(a, block.rows, scores, position, first_key, first, rest, last);
    // Rows that a kernel computes in vain read addends too.
    for (int r = block.rows; r < padded_rows<register_block<T, Isa>::rows>(block.rows); ++r)
      clear_row<Isa>(scores.data + r * scores.stride + start, round_up(last, NR) - start);
    score_scaled(first, last, to, addends);
    if constexpr (counts_hidden<Attention>) {
      if (!found) return;
      for (int r = 0; r < block.rows; ++r) {
        const key_range seen = intersect(block.seen[r], {first, last});
        if (is_empty(seen)) continue;
        hidden[r] +=
            count_hidden<Isa, T>(a, position(r), {first_key + seen.first, first_key + seen.last});
      }
    }
  }

  SKIPMAX_INLINE auto results() const {
    if constexpr (is_pointwise<Normalizer>)
      return block.weights;
    else
      return block.scores;
  }

  template <class To, class Epilogue>
  SKIPMAX_INLINE void score_columns(index first, index last, To* to, Epilogue epilogue) const {
    score_tile<Isa, T>(
        q, block.rows, k.panels, k.depth, first, last < k.in_panels ? last : k.in_panels, to,
        epilogue,
        [&]() SKIPMAX_LAMBDA {
          if constexpr (!fetches_biases) fetch_reads();
        },
        [&]([[maybe_unused]] index j) SKIPMAX_LAMBDA {
          if constexpr (fetches_biases)
            return fetch_biases_too(j);
          else
            return nothing_else{};
        });
    if (last > k.in_panels)
      score_tail<Isa, T>(q, block.rows, k.tail, k.depth, k.in_panels, last, to, epilogue);
  }

  static constexpr bool fetches_biases = requires(const Attention& asked, row_position at) {
    asked.bias.fetch(at, index{}, index{});
  };

  SKIPMAX_INLINE void fetch_reads() const {
    next.template fetch_part<fetched_into>();
    if constexpr (has_gate_view<decltype(Attention::rows)>)
      finish.gate.template fetch_part<cache_level::l1>();
    if constexpr (fetches_out<Attention, E>)
      finish.out.template fetch_part<cache_level::l1_to_write>();
  }

  // Not inlined: there would be twelve copies, one for each kernel of score_tile.
  SKIPMAX_NOINLINE auto fetch_biases_too(index j) const {
    fetch_reads();
    using layout = tile_layout<T, Isa>;
    constexpr index line = line_elements<T>;
    const key_range any = block.any, tile{first_key + any.first, first_key + any.last};
    const index panel = (j - any.first / layout::columns * layout::columns) / layout::columns;
    const index last = any.last < k.in_panels ? any.last : k.in_panels;
    const index panels = ceil_div(last - j, layout::columns) + panel;
    const index steps = k.depth > 0 ? ceil_div(k.depth, score_steps) : 1;
    row_position coming = aligned(a.mask, first_row);
    const index start = coming.query + layout::rows,
                stop = start + (panel + 1) * layout::rows / panels;
    coming.query = start + panel * layout::rows / panels;
    const index lines = ceil_div(any.last - any.first, line);
    const index lines_a_step = ceil_div((stop - coming.query) * lines, steps);
    return bias_fetch<decltype(a.bias)>{
        a.bias, coming,     stop < coming.query_length ? stop : coming.query_length,
        tile,   tile.first, lines_a_step * line};
  }
};

}  // namespace v0
}  // namespace skipmax
