// What happens to the sums of a row block after its last key: the normalizer's factor, then the
// transforms of out, then the store to the caller's memory.
#pragma once

#include <type_traits>

#include "skipmax/drive/key_ranges.hpp"
#include "skipmax/drive/task.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// factor[r] = row_scale times the divisor's factor for the row at position(r). hidden[r], read only
// if counts_hidden, is how many keys in its visible range are hidden. Returns the rows that see no
// key, one bit each.
template <class Isa, class T, class Attention, class Position>
SKIPMAX_INLINE unsigned find_length_factors(const Attention& a, int rows, Position position,
                                            [[maybe_unused]] const index* hidden, double row_scale,
                                            T* factor) {
  constexpr double most = compat::format<T>::largest;  // infinity times a zero sum is NaN
  unsigned empty = 0;
  double length = -1, of_length = 0;
  for (int r = 0; r < rows; ++r) {
    const row_position at = position(r);
    const key_range seen = visible_range(a.mask, at);
    index visible = seen.last - seen.first;
    if constexpr (counts_hidden<Attention>) visible -= hidden[r];
    double now = 1;
    if constexpr (reads_length<decltype(a.normalizer)>)
      now = a.normalizer.length(at, visible, at.key_length);
    if (now != length) length = now, of_length = row_scale * a.normalizer.finish(now);
    factor[r] = visible == 0 ? T(0) : static_cast<T>(of_length < most ? of_length : most);
    empty |= static_cast<unsigned>(visible == 0) << r;
  }
  return empty;
}

// factor[r] for the rows from `row` on. Returns the rows that see no key, one bit each.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE unsigned find_factors(const Attention& a, const forward_plan<T, S>& plan,
                                     const forward_task<T, S>& task, index row, int rows,
                                     T* factor) {
  using Normalizer = decltype(a.normalizer);
  unsigned empty = 0;
  if constexpr (!is_pointwise<Normalizer>) {
    a.normalizer.template finish<Isa>(state_of<Isa, Normalizer>(task.state, row),
                                      position_of(task, row).head, factor);
    for (int r = 0; r < rows; ++r) empty |= static_cast<unsigned>(factor[r] == T(0)) << r;
  } else {
    empty = find_length_factors<Isa>(a, rows, consecutive_rows{position_of(task, row)},
                                     task.hidden + row, plan.row_scale, factor);
  }
  return empty;
}

// Clears the rows of out whose bit in `empty` is set.
template <class Out>
SKIPMAX_INLINE void clear_rows(row_matrix<Out> out, unsigned empty, index dim) {
  for (; empty != 0; empty >>= 1, out.data += out.stride)
    if ((empty & 1u) != 0)
      for (index x = 0; x < dim; ++x) out.data[x] = Out(0);
}

// Stores finished rows of scratch in out, through the transforms. The last transform writes to out
// itself if out holds T and its rows are whole registers. A row that sees no key is zeros, whatever
// the transforms make of it.
template <class Isa, class T, class Out, class Attention>
SKIPMAX_INLINE void store_rows(const Attention& a, const tensor_view<Out>& to, row_place first,
                               int rows, row_matrix<T> finished, unsigned empty) {
  using Rows = decltype(a.rows);
  const row_matrix<Out> out = rows_at(to, first);
  const index dim = to.dim;
  const bool whole = std::is_same_v<Out, T> && dim == finished.stride;
  row_matrix<T> last = finished;
  if constexpr (std::is_same_v<Out, T>)
    if (whole) last = out;
  const row_matrix<const T> from{finished.data, finished.stride};
  if constexpr (Rows::gates) {
    if constexpr (Rows::transforms_out)
      a.rows.out.template forward<Isa, T>(first, from, finished, rows, dim);
    a.rows.gate.template forward<Isa, T>(first, from, last, rows, dim);
  } else if constexpr (Rows::transforms_out) {
    a.rows.out.template forward<Isa, T>(first, from, last, rows, dim);
  }
  if (!Rows::changes_out || !whole)
    for (int r = 0; r < rows; ++r)
      store_scaled<Isa>(out.data + r * out.stride, finished.data + r * finished.stride, dim, T(1));
  if (Rows::changes_out) clear_rows(out, empty, dim);
}

// Clears the rows of out that see no key.
template <class T, class S, class Mask>
SKIPMAX_INLINE void clear_empty_rows(const Mask& mask, const forward_plan<T, S>& plan,
                                     const forward_task<T, S>& task) {
  for (index row = 0; row < task.rows; ++row) {
    if (!is_empty(visible_range(mask, position_of(task, row)))) {
      if constexpr (sees_alike<Mask>) return;
      continue;
    }
    auto* out = rows_at(plan.out, place_of(task, row)).data;
    for (index x = 0; x < plan.sizes.value_dim; ++x) out[x] = typename S::out(0);
  }
}

}  // namespace v0
}  // namespace skipmax
