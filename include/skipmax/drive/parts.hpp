// Parts of the rows' outputs over disjoint keys: what a part is, how two are merged, and how the
// merged one becomes out.
//
//   part     sum_j weight_j v_j over its keys, before any divisor; softmax: also m, sum of weights
//   merged   the sum of the two; softmax first multiplies each by its 2^(m_part - m)
//   finished out = gate(transform(factor sums))
#pragma once

#include "skipmax/drive/finish.hpp"
#include "skipmax/plan_decode.hpp"

namespace skipmax {
inline namespace v0 {

template <class Isa, class T, class Normalizer>
SKIPMAX_INLINE void clear_part(const Normalizer& normalizer, part_row<T> part, index width) {
  clear_row<Isa>(part.sums, width);
  part.kept[0] = part.kept[1] = T(0);
  if constexpr (!is_pointwise<Normalizer>) normalizer.keep_nothing(part.kept);
}

template <class Isa, class T>
SKIPMAX_INLINE void copy_part(part_row<T> into, part_row<const T> from, index width) {
  for (index x = 0; x < width; x += lanes<T, Isa>)
    simd<T, Isa>::load_aligned(from.sums + x).store_aligned(into.sums + x);
  into.kept[0] = from.kept[0], into.kept[1] = from.kept[1];
}

template <class Isa, class T, class Normalizer>
SKIPMAX_INLINE void merge_part(const Normalizer& normalizer, part_row<T> into,
                               part_row<const T> other, index width) {
  if constexpr (is_pointwise<Normalizer>) {
    add_row<Isa>(into.sums, other.sums, width);
    keep_hidden(into.kept, hidden_of(into.kept) + hidden_of(other.kept));
  } else {
    using V = simd<T, Isa>;
    T factors[2];
    normalizer.template merge<Isa>(into.kept, other.kept, factors);
    for (index x = 0; x < width; x += lanes<T, Isa>)
      (V::load_aligned(into.sums + x) * V(factors[0]) +
       V::load_aligned(other.sums + x) * V(factors[1]))
          .store_aligned(into.sums + x);
  }
}

// Finishes up to MR merged rows and stores them in out. Overwrites sums [rows][part_width]; kept is
// [rows][2].
template <class Isa, class T, class Out, class Attention>
SKIPMAX_INLINE void finish_rows(const Attention& a, const consecutive_rows& at, int rows, T* sums,
                                const T* kept, const tensor_view<Out>& out) {
  using Normalizer = decltype(a.normalizer);
  const index width = part_width(out.dim);
  T factor[register_block<T, Isa>::rows];
  unsigned empty = 0;
  if constexpr (is_pointwise<Normalizer>) {
    index hidden[register_block<T, Isa>::rows];
    for (int r = 0; r < rows; ++r) hidden[r] = hidden_of(kept + 2 * r);
    empty = find_length_factors<Isa>(a, rows, at, hidden, 1, factor);
  } else {
    for (int r = 0; r < rows; ++r) {
      factor[r] = a.normalizer.finish_kept(kept + 2 * r, at.first.head);
      empty |= static_cast<unsigned>(factor[r] == T(0)) << r;
    }
  }
  for (int r = 0; r < rows; ++r) scale_row<Isa>(sums + r * width, width, factor[r]);
  store_rows<Isa>(a, out, place_of(a.mask, at.first), rows, row_matrix<T>{sums, width}, empty);
}

// Finishes all rows of one head. gather(row, part) writes the merged part of `row` to `part`. sums
// is scratch, [MR][part_width].
template <class Isa, class T, class Out, class Attention, class Gather>
SKIPMAX_NOINLINE void finish_head(const Attention& a, const problem& p, index number, T* sums,
                                  const tensor_view<Out>& out, Gather gather) {
  constexpr index MR = register_block<T, Isa>::rows;
  const index width = part_width(p.value_dim);
  T kept[2 * MR];
  for (index row = 0; row < p.query_length; row += MR) {
    const consecutive_rows rows{
        {number / p.heads, number % p.heads, row, p.query_length, p.key_length}};
    const index rest = p.query_length - row, count = rest < MR ? rest : MR;
    for (index r = 0; r < count; ++r) gather(rows(r), part_row<T>{sums + r * width, kept + 2 * r});
    finish_rows<Isa>(a, rows, static_cast<int>(count), sums, kept, out);
  }
}

}  // namespace v0
}  // namespace skipmax
