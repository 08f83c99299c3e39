// One task of a forward call: a block of query rows of one head, over all the keys they see.
//
//   for each key tile:                  packed once, used by every row block
//     for each row block of MR rows:
//       weights = h(q k^T)              tile/weight_tile, then the normalizer if it has a state
//       out += weights v                tile/value_tile over the keys that all rows share,
//                                       value_row over the few that only some of them see
//       with the last tile: out *= the normalizer's factor, then the transforms of out
#pragma once

#include "skipmax/drive/finish.hpp"
#include "skipmax/drive/prepare.hpp"
#include "skipmax/tile/sparse_value_tile.hpp"

namespace skipmax {
inline namespace v0 {

template <class Isa, bool SkipZeros, class T, class E>
SKIPMAX_INLINE void add_row_keys(const E* weights, key_range keys, value_panels<E> v, T* sum,
                                 index width) {
  if (!is_empty(keys)) value_row<Isa, SkipZeros>(weights, v, keys, sum, width);
}

// Adds the keys that only some rows of a block see to its sums. In every tile they come before the
// shared keys, since the order must not depend on which tile is the block's last. With SkipZeros
// adds the shared keys too: one of them may be hidden and have a value that is not finite.
template <class Isa, bool SkipZeros, class T, class E>
SKIPMAX_INLINE void add_ragged_keys(const E* weights, const block_keys<T, Isa>& keys, int rows,
                                    value_panels<E> v, row_matrix<T> sums) {
  for (int r = 0; r < rows; ++r, weights += tile_layout<T, Isa>::weight_stride) {
    T* sum = sums.data + r * sums.stride;
    if (keys.fresh) clear_row<Isa>(sum, sums.stride);
    add_row_keys<Isa, SkipZeros>(weights, left_of(keys.seen[r], keys.all), v, sum, sums.stride);
    add_row_keys<Isa, SkipZeros>(weights, right_of(keys.seen[r], keys.all), v, sum, sums.stride);
    if (SkipZeros) add_row_keys<Isa, SkipZeros>(weights, keys.all, v, sum, sums.stride);
  }
}

// The keys that all rows share, cut to whole pairs. Half a pair is left to value_row, but not the
// last key of a tile in which all rows see the same keys: its value is paired with zero.
SKIPMAX_INLINE key_range whole_pairs(key_range all, index last_of_tile) {
  return {(all.first + 1) / 2 * 2, all.last == last_of_tile ? all.last : all.last / 2 * 2};
}

// Adds the keys that all rows share, without those of zero weight if that is faster.
template <class Isa, class T, class E, class To, class Attention>
SKIPMAX_INLINE void add_shared_values([[maybe_unused]] const Attention& a, const E* weights,
                                      int rows, value_panels<E> v, index keys, const To& to,
                                      index width) {
  if constexpr (can_skip_values<Attention>)
    if (sparse_value_tile<Isa>(a.zeros, weights, rows, v, keys, to, width)) return;
  value_tile<Isa, T>(weights, rows, v, keys, to, width);
}

// One row block over one key tile.
template <class Isa, class T>
struct block_step {
  index row;  // the first one, in its task
  int rows;
  index first_key;          // of the tile
  block_keys<T, Isa> keys;  // ranges count from there
};

// Computes the weights of a step and adds weights v to the sums. With the last tile, stores out.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void attend_block(const Attention& a, const forward_plan<T, S>& plan,
                                 const forward_task<T, S>& task, const block_step<Isa, T>& step,
                                 const packed_keys<typename S::packed>& k,
                                 const tile_values<typename S::packed>& values,
                                 upcoming_reads& next) {
  using layout = tile_layout<T, Isa>;
  using Normalizer = decltype(a.normalizer);
  using Rows = decltype(a.rows);
  const index row = step.row, width = plan.width;
  const int rows = step.rows;
  const block_keys<T, Isa>& keys = step.keys;
  using E = typename S::packed;
  const value_panels<E> v = values.panels;
  const key_range any = keys.any, all = keys.all;
  alignas(64) T factor[row_lanes<T, Isa>];
  const row_position first = position_of(task, row);
  const row_place place = place_of(a.mask, task, row);
  upcoming_finish finish{};
  constexpr bool fetches_gate = has_gate_view<Rows>;
  if constexpr (fetches_gate || fetches_out<Attention, E>) {
    if (keys.last) {
      const index panels = ceil_div(any.last, layout::columns) - any.first / layout::columns;
      if constexpr (fetches_gate) {
        finish.gate = upcoming(rows_at(a.rows.gate.g, place), rows, a.rows.gate.g.dim);
        finish.gate.divide(panels);
      }
      if constexpr (fetches_out<Attention, E>)
        if (rows * plan.out.dim * static_cast<index>(sizeof(typename S::out)) <=
            panels * most_out_a_panel) {
          finish.out = upcoming(rows_at(plan.out, place), rows, plan.out.dim);
          finish.out.divide(panels);
        }
    }
  }
  const block_scorer<Isa, T, Attention, E> score{
      a,
      queries_at<Isa>(plan, task, row, rows),
      plan.scale,
      task.shift + row,
      k,
      {task.scores, task.weights, layout::weight_stride, rows, keys.seen, any, all, keys.fresh},
      first,
      step.first_key,
      task.hidden + row,
      next,
      finish};
  const row_matrix<T> sums{task.out + row * width, width};

  if constexpr (is_pointwise<Normalizer>) {
    score(any.first, any.last);
  } else if (a.normalizer.template absorb<Isa>(state_of<Isa, Normalizer>(task.state, row), score,
                                               factor)) {
    for (int r = 0; r < rows; ++r) scale_row<Isa>(sums.data + r * width, width, factor[r]);
  }
  bool earlier = !keys.fresh, shared = !is_empty(all);
  if (hides<Attention> && !values.finite) {
    add_ragged_keys<Isa, true>(task.weights, keys, rows, v, sums);
    earlier = true, shared = false;
  } else if (!is_same(all, any)) {
    add_ragged_keys<Isa, false>(task.weights, keys, rows, v, sums);
    earlier = true;
  }
  using Out = typename S::out;
  bool to_out =
      keys.last && shared && width == plan.sizes.value_dim && is_exact_block<Isa, T>(rows);
  if constexpr (gates_registers<Rows>)
    to_out = to_out && a.rows.gate.g.dim == plan.sizes.value_dim;
  else if (Rows::changes_out)
    to_out = false;
  for (T& f : factor) f = T(1);
  const unsigned empty = keys.last ? find_factors<Isa>(a, plan, task, row, rows, factor) : 0;
  if (shared) {
    constexpr index N = numbers_in<E>;
    if (is_pair<E> && all.last % N != 0)
      for (int r = 0; r < layout::rows; ++r)
        set_packed(task.weights + r * layout::weight_stride, all.last, packed_number_of<E>(0));
    const E* weights = task.weights + all.first / N;
    const value_panels<E> values_seen = v.from(all.first / N);
    const index count = packed_elements<E>(all.last - all.first);
    const auto add_to = [&]<class To, class Gate>(row_matrix<To> result, Gate gate) SKIPMAX_LAMBDA {
      const value_output<T, To, Gate> to{
          {earlier ? sums.data : nullptr, width}, result, factor, gate};
      add_shared_values<Isa, T>(a, weights, rows, values_seen, count, to, width);
    };
    const row_matrix<Out> out = rows_at(plan.out, place);
    if (!to_out) {
      add_to(sums, no_gate{});
    } else if constexpr (gates_registers<Rows>) {
      add_to(out, a.rows.gate.at(place));
      clear_rows(out, empty, plan.sizes.value_dim);
    } else if constexpr (!Rows::changes_out) {
      add_to(out, no_gate{});
    }
  }
  if (to_out || !keys.last) return;
  if (!shared)
    for (int r = 0; r < rows; ++r) scale_row<Isa>(sums.data + r * width, width, factor[r]);
  store_rows<Isa>(a, plan.out, place, rows, sums, empty);
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_NOINLINE void run_forward_task(const Attention& a, const forward_plan<T, S>& plan,
                                       index number, T* scratch) {
  using layout = tile_layout<T, Isa>;
  constexpr index KT = layout::key_tile, MR = layout::rows, NR = layout::columns;
  constexpr bool alike = sees_alike<decltype(a.mask)>;
  const forward_task<T, S> task = start_task(plan, number, scratch);
  if (task.rows <= 0) return;
  prepare_rows<Isa>(a, plan, task);
  const key_range any = keys_of_rows(a.mask, position_of(task, 0), task.rows);
  constexpr index longest = alike ? layout::longest_tile : KT;
  for (index start = any.first / KT * KT, keys; !is_empty(any) && start < any.last; start += keys) {
    keys = any.last - start <= longest ? any.last - start : KT;
    const auto k = pack_keys<Isa>(a, plan, task, start, keys);
    const auto v = place_values<Isa, Attention>(plan, task, start, keys);
    upcoming_reads next = start + keys < any.last
                              ? upcoming_keys(plan, task, start + keys, any.last, KT)
                              : upcoming_task(plan, number + plan.workers, KT);
    if constexpr (alike) next.divide(ceil_div(task.rows, MR) * ceil_div(keys, NR));
    block_step<Isa, T> step{0, 0, start, {}};
    for (; step.row < task.rows; step.row += MR) {
      step.rows = static_cast<int>(task.rows - step.row < MR ? task.rows - step.row : MR);
      if (!alike || step.row == 0)
        step.keys.find(a.mask, position_of(task, step.row), step.rows, {start, start + keys});
      if constexpr (is_pair<typename S::packed>)
        if (!alike || step.row == 0) step.keys.all = whole_pairs(step.keys.all, alike ? keys : -1);
      const key_range seen = step.keys.any;
      if (is_empty(seen)) continue;
      if constexpr (!alike)  // assumes that later row blocks see as many keys
        next.divide(ceil_div(task.rows - step.row, MR) *
                    (ceil_div(seen.last, NR) - seen.first / NR));
      attend_block<Isa>(a, plan, task, step, k, v, next);
    }
  }
  clear_empty_rows(a.mask, plan, task);
}

}  // namespace v0
}  // namespace skipmax
