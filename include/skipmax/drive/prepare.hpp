// What a task does before it computes: packs q, clears states, finds shifts; then for each key tile
// packs k and places v.
#pragma once

#include <type_traits>

#include "skipmax/drive/task.hpp"
#include "skipmax/tile/pack.hpp"
#include "skipmax/tile/transform_block.hpp"
#include "skipmax/tile/value_tile.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// Where the row block that starts at `row` is packed.
template <class Isa, class T, class S>
SKIPMAX_INLINE typename S::packed* packed_queries(const forward_plan<T, S>& plan,
                                                  const forward_task<T, S>& task, index row) {
  using E = typename S::packed;
  return task.q + row / register_block<T, Isa>::rows *
                      packed_q_size<E, Isa>(packed_elements<E>(plan.sizes.key_dim));
}
// Where it is read: in the caller's q if q_in_place and no padding rows are needed, else packed.
template <class Isa, class T, class S>
SKIPMAX_INLINE const typename S::packed* queries_at(const forward_plan<T, S>& plan,
                                                    const forward_task<T, S>& task, index row,
                                                    int rows) {
  if constexpr (is_pair<typename S::packed>)
    if (plan.q_in_place && is_exact_block<Isa, T>(rows))
      return reinterpret_cast<const typename S::packed*>(rows_at(plan.q, place_of(task, row)).data);
  return packed_queries<Isa>(plan, task, row);
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void pack_queries(const Attention& a, const forward_plan<T, S>& plan,
                                 const forward_task<T, S>& task) {
  constexpr index MR = register_block<T, Isa>::rows;
  const index dim = plan.sizes.key_dim;
  const auto q = rows_at(plan.q, place_of(task, 0));  // as stored
  if constexpr (decltype(a.rows)::changes_q) {
    static_assert(row_lanes<T, Isa> >= MR);
    using E = typename S::packed;
    const index blocks = rows_of_call<Isa, T>(dim) / MR, most = blocks * MR;
    auto* to = task.q;
    for (index row = 0; row < task.rows; row += most, to += blocks * packed_q_size<E, Isa>(dim)) {
      const index rows = task.rows - row < most ? task.rows - row : most;
      const row_matrix<const T> from = transform_block<Isa>(
          a.rows.q, place_of(a.mask, task, row), rows_from(q, row), rows, dim, task.rows_scratch);
      pack_q<Isa>(to, from.data, from.stride, rows, dim, plan.q_scale);
    }
  } else {
    index in_place = 0;
    if (is_pair<typename S::packed> && plan.q_in_place)
      in_place = is_exact_block<Isa, T>(static_cast<int>(task.rows % MR)) ? task.rows
                                                                          : task.rows / MR * MR;
    pack_q<Isa>(packed_queries<Isa>(plan, task, in_place), q.data + in_place * q.stride, q.stride,
                task.rows - in_place, dim, plan.q_scale);
  }
}

// shift[row] is what the normalizer adds to the scores of the row at position(row).
template <class Isa, class T, class Attention, class Position>
SKIPMAX_INLINE void find_shifts(const Attention& a, index rows, Position position, T* shift) {
  double length = -1, of_length = 0;
  for (index row = 0; row < rows; ++row) {
    const row_position at = position(row);
    const key_range seen = visible_range(a.mask, at);
    index visible = seen.last - seen.first;
    if constexpr (hides<Attention>) visible -= count_hidden<Isa, T>(a, at, seen);
    shift[row] = T(0);
    if (visible == 0) continue;
    const double now = a.normalizer.length(at, visible, at.key_length);
    if (now != length) length = now, of_length = a.normalizer.shift(now);
    shift[row] = static_cast<T>(of_length);
  }
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void prepare_rows(const Attention& a, const forward_plan<T, S>& plan,
                                 const forward_task<T, S>& task) {
  using Normalizer = decltype(a.normalizer);
  pack_queries<Isa>(a, plan, task);
  if constexpr (!is_pointwise<Normalizer>)
    for (index row = 0; row < task.rows; row += register_block<T, Isa>::rows)
      a.normalizer.template clear<Isa>(state_of<Isa, Normalizer>(task.state, row));
  if constexpr (shifts_scores<Normalizer>)
    find_shifts<Isa>(a, task.rows, consecutive_rows{position_of(task, 0)}, task.shift);
  if constexpr (counts_hidden<Attention>)
    for (index row = 0; row < task.rows; ++row) task.hidden[row] = 0;
}

// Packs keys [start, start + keys) in panels, the last few in rows if all rows see the same keys.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE packed_keys<typename S::packed> pack_keys(const Attention& a,
                                                         const forward_plan<T, S>& plan,
                                                         const forward_task<T, S>& task,
                                                         index start, index keys) {
  constexpr index W = lanes<T, Isa>;
  using E = typename S::packed;
  const index dim = plan.sizes.key_dim, depth = packed_elements<E>(dim);
  const index padded = round_up(depth, W);
  const index tail = sees_alike<decltype(a.mask)> ? tail_keys<Isa, T>(keys) : 0;
  const auto k = rows_at(plan.k, place_of_key(task, start));  // as stored
  const packed_keys<E> packed{task.k, task.tail, depth, keys - tail};
  if constexpr (decltype(a.rows)::changes_k) {
    const auto transformed = [&](index j, index count) SKIPMAX_LAMBDA {
      return transform_block<Isa>(a.rows.k, place_of_key(task, start + j), rows_from(k, j), count,
                                  dim, task.rows_scratch);
    };
    static_assert(row_lanes<T, Isa> % W == 0);
    const index most = rows_of_call<Isa, T>(dim) / W * W;
    for (index j = 0; j < keys; j += most) {
      const index count = keys - j < most ? keys - j : most;
      const row_matrix<const T> rows = transformed(j, count);
      index i = 0;
      for (; i < count && j + i < packed.in_panels; i += W)
        pack_columns<Isa>(packed.panels, j + i, rows.data + i * rows.stride, rows.stride, count - i,
                          dim);
      if (i < count)
        pack_rows<Isa>(packed.tail, rows.data + i * rows.stride, rows.stride, tail, dim, padded);
    }
  } else {
    pack_k<Isa>(packed.panels, k.data, k.stride, packed.in_panels, dim);
    if (tail > 0)
      pack_rows<Isa>(packed.tail, k.data + packed.in_panels * k.stride, k.stride, tail, dim,
                     padded);
  }
  return packed;
}

// Values of the keys of one tile.
template <class E>
struct tile_values {
  value_panels<E> panels;
  bool finite;  // zero times any of them is zero
};

// Values of keys [start, start + keys): in place if the kernel can read them so, else copied.
template <class Isa, class Attention, class T, class S>
SKIPMAX_INLINE tile_values<typename S::packed> place_values(const forward_plan<T, S>& plan,
                                                            const forward_task<T, S>& task,
                                                            index start, index keys) {
  const auto from = rows_at(plan.v, place_of_key(task, start));  // as stored
  value_panels<typename S::packed> v{task.v, tile_layout<T, Isa>::columns, plan.v_panel};
  if constexpr (std::is_same_v<typename S::v, T>)
    if (plan.v_in_place) v = {from.data, from.stride, plan.v_panel};
  if (!plan.v_in_place)
    pack_values<Isa>(task.v, plan.v_panel, from.data, from.stride, keys, plan.sizes.value_dim,
                     plan.width);
  if constexpr (hides<Attention>) return {v, all_finite<Isa, T>(v, keys, plan.width)};
  return {v, true};
}

}  // namespace v0
}  // namespace skipmax
