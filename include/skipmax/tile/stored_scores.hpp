// Stored scores to weights: cap, bias, mask, shift and h in loops over rows.
#pragma once

#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/tile/score_addends.hpp"

namespace skipmax {
inline namespace v0 {

// h(cap(s) + bias + shift) of one register. Copies the slots: as far as the compiler knows, a store
// of scores might change them.
template <class Isa, class T, class Attention>
struct score_weigher {
  using V = simd<T, Isa>;
  using Normalizer = decltype(Attention::normalizer);
  static constexpr bool shifted = shifts_scores<Normalizer>;

  decltype(Attention::cap) cap;
  decltype(Attention::score) score;

  SKIPMAX_INLINE V operator()(V s, [[maybe_unused]] V bias, [[maybe_unused]] V shift) const {
    s = cap.cap(s);
    if constexpr (score_addends<Isa, T, Attention>::any) s = s + bias;
    if constexpr (shifted) s = s + shift;
    s = score.value(s);
    if constexpr (!is_pointwise<Normalizer>) s = s * V(static_cast<T>(Normalizer::score_factor));
    return s;
  }
};

// Stores h(cap(s) + bias + shift) of stored scores, columns [first, last) of a tile that starts at
// first_key, at `to`, [rows][stride]. position(r) is row r of the block. Adds the number of hidden
// keys to hidden[r] if counts_hidden.
template <class Isa, class T, class E, class Attention, class To, class Position>
SKIPMAX_NOINLINE void weigh_rows(const Attention& a, score_block<T, E> rows, To* to,
                                 Position position, index first_key, const T* shift, index* hidden,
                                 index first, index last) {
  using V = simd<T, Isa>;
  using Normalizer = decltype(Attention::normalizer);
  constexpr index W = lanes<T, Isa>;
  constexpr bool shifted = shifts_scores<Normalizer>;
  const score_addends<Isa, T, Attention> addends{a.bias, a.mask};
  const score_weigher<Isa, T, Attention> weigh{a.cap, a.score};
  // Counting costs more than asking if any key is hidden, unless a mask hides keys here and there.
  constexpr bool asks_first = counts_hidden<Attention> && !addends.by_mask;
  for (int r = 0; r < rows.rows; ++r) {
    const T* const scores = rows.scores + r * rows.stride;
    [[maybe_unused]] const row_position row = position(r);
    [[maybe_unused]] const key_range seen = rows.seen[r];
    [[maybe_unused]] V count(T(0));
    [[maybe_unused]] const V shift_of_row(shifted ? shift[r] : T(0));
    for (index j = first / W * W; j < last; j += W) {
      [[maybe_unused]] V bias(T(0));
      if constexpr (addends.any) bias = addends.of(row, first_key + j);
      V s = weigh(V::load_aligned(scores + j), bias, shift_of_row);
      if constexpr (hides<Attention>) {
        const auto hidden_here = is_hidden(bias);
        if (!asks_first || xsimd::any(hidden_here)) {
          s = math::select(hidden_here, weight_of_hidden<Isa, T, Normalizer>(), s);
          if constexpr (counts_hidden<Attention>) count = count + hidden_in(bias, j, seen);
        }
      }
      const V result[1] = {s};
      store_packed(to + r * rows.stride + packed_elements<To>(j), result);
    }
    if constexpr (counts_hidden<Attention>)
      hidden[r] += static_cast<index>(sum_of_lanes<Isa, T>(count));
  }
}

// The same for whole registers of columns whose biases lie in memory, from column `first` on, and
// hide no key: a sixth faster than asking for each register where its biases are.
template <class Isa, class T, class E, class Attention, class To>
SKIPMAX_NOINLINE void weigh_rows_beside(const Attention& a, score_block<T, E> rows, To* to,
                                        row_matrix<const T> biases, const T* shift, index first,
                                        index last) {
  using V = simd<T, Isa>;
  constexpr bool shifted = shifts_scores<decltype(Attention::normalizer)>;
  const score_weigher<Isa, T, Attention> weigh{a.cap, a.score};
  for (int r = 0; r < rows.rows; ++r) {
    const T* const scores = rows.scores + r * rows.stride;
    const T* const bias = biases.data + r * biases.stride;
    [[maybe_unused]] const V shift_of_row(shifted ? shift[r] : T(0));
    for (index j = first; j < last; j += lanes<T, Isa>) {
      const V result[1] = {
          weigh(V::load_aligned(scores + j), V::load_unaligned(bias + (j - first)), shift_of_row)};
      store_packed(to + r * rows.stride + packed_elements<To>(j), result);
    }
  }
}

// Adds bias and mask to stored raw scores, which are too few for kernels of their own. The bits are
// those of adding them in the accumulators.
template <class Isa, class T, class E, class Attention>
SKIPMAX_NOINLINE void add_to_rows(const Attention& a, score_block<T, E> rows,
                                  consecutive_rows position, index first_key, index first,
                                  index last) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  const score_addends<Isa, T, Attention> addends{a.bias, a.mask};
  const score_with_addend_of<Attention> add{a.score};
  for (int r = 0; r < rows.rows; ++r) {
    T* const scores = rows.scores + r * rows.stride;
    const row_position row = position(r);
    for (index j = first / W * W; j < last; j += W) {
      const V addend = addends.of(row, first_key + j);
      V s = add(V::load_aligned(scores + j), addend);
      if constexpr (hides<Attention>)
        s = math::select(is_hidden(addend),
                         weight_of_hidden<Isa, T, decltype(Attention::normalizer)>(), s);
      s.store_aligned(scores + j);
    }
  }
}

}  // namespace v0
}  // namespace skipmax
