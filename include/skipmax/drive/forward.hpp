// One task of a forward call: a block of query rows of one head, over all the keys they see.
//
//   for each key tile:                  packed once, used by every row block
//     for each row block of MR rows:
//       weights = h(q k^T)              tile/weight_tile, then the normalizer if it has a state
//       out += weights v                tile/value_tile over the keys that all rows share,
//                                       value_row over the few that only some of them see
//       with the last tile: out *= the normalizer's factor
#pragma once

#include "skipmax/drive/key_ranges.hpp"
#include "skipmax/plan.hpp"
#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "skipmax/tile/pack.hpp"
#include "skipmax/tile/value_tile.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// Where one task stands in its problem.
struct task_place {
  index batch, head, kv_head, first_row, rows;
};

template <class T>
SKIPMAX_INLINE task_place place_task(const forward_plan<T>& plan, index number) {
  // The last blocks first: under a causal mask they are the longest.
  const index block = plan.blocks - 1 - number % plan.blocks;
  const index head = number / plan.blocks % plan.sizes.heads;
  const index first = block * plan.query_block, rest = plan.sizes.query_length - first;
  return {number / plan.blocks / plan.sizes.heads, head,
          head / (plan.sizes.heads / plan.sizes.kv_heads), first,
          rest < plan.query_block ? rest : plan.query_block};
}

// The same with its pointers into the worker's scratch, whose layout is in tile/layout.hpp.
template <class T>
struct forward_task : task_place {
  T *q, *k, *tail, *v, *weights, *out, *state;
};

template <class T>
SKIPMAX_INLINE forward_task<T> start_task(const forward_plan<T>& plan, index number, T* scratch) {
  return {place_task(plan, number), scratch,
          scratch + plan.k_at,      scratch + plan.tail_at,
          scratch + plan.v_at,      scratch + plan.weights_at,
          scratch + plan.out_at,    scratch + plan.state_at};
}

// The state of the row block that starts at `row`.
template <class Isa, class Normalizer, class T>
SKIPMAX_INLINE T* state_of(const forward_task<T>& task, index row) {
  return task.state + row / register_block<T, Isa>::rows * Normalizer::template state_size<Isa, T>;
}

template <class T>
SKIPMAX_INLINE row_position position_of(const forward_plan<T>& plan, const task_place& task,
                                        index row) {
  return {task.batch, task.head, task.first_row + row, plan.sizes.query_length,
          plan.sizes.key_length};
}

// What the next step will read: the next tile of this task, or the start of the worker's next task
// (most likely this number of tasks further on).
template <class T>
struct upcoming_tile {
  upcoming_rows q, k, v;

  // In `steps` equal parts, each call the next one.
  SKIPMAX_INLINE void divide(index steps) { q.divide(steps), k.divide(steps), v.divide(steps); }
  SKIPMAX_INLINE void fetch_part() { q.fetch_part(), k.fetch_part(), v.fetch_part(); }
};

template <class T>
SKIPMAX_INLINE upcoming_tile<T> upcoming_keys(const forward_plan<T>& plan, const task_place& task,
                                              index start, index last, index tile) {
  const index keys = last - start < tile ? last - start : tile;
  return {{},
          upcoming(plan.k.row(task.batch, start, task.kv_head), plan.k.length_stride, keys,
                   plan.sizes.key_dim),
          upcoming(plan.v.row(task.batch, start, task.kv_head), plan.v.length_stride, keys,
                   plan.sizes.value_dim)};
}

template <class T>
SKIPMAX_INLINE upcoming_tile<T> upcoming_task(const forward_plan<T>& plan, index number,
                                              index tile) {
  if (number >= plan.tasks) return {};
  const task_place task = place_task(plan, number);
  upcoming_tile<T> next = upcoming_keys(plan, task, 0, plan.sizes.key_length, tile);
  next.q = upcoming(plan.q.row(task.batch, task.first_row, task.head), plan.q.length_stride,
                    task.rows, plan.sizes.key_dim);
  return next;
}

// Factors of the rows of one block: what the normalizer makes of the row once all its keys are seen.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void find_factors(const Attention& a, const forward_plan<T>& plan,
                                 const forward_task<T>& task, index row, int rows, T* factor) {
  using Normalizer = decltype(a.normalizer);
  if constexpr (!is_pointwise<Normalizer>) {
    a.normalizer.template finish<Isa>(state_of<Isa, Normalizer>(task, row), factor);
  } else {
    double length = -1, of_length = 0;
    for (int r = 0; r < rows; ++r) {
      const row_position at = position_of(plan, task, row + r);
      const key_range seen = visible_range(a.mask, at);
      double now = 1;
      if constexpr (reads_length<Normalizer>)
        now = a.normalizer.length(at, seen.last - seen.first, at.key_length);
      if (now != length) length = now, of_length = a.normalizer.finish(now);
      factor[r] = is_empty(seen) ? T(0) : static_cast<T>(of_length);
    }
  }
}

template <class Isa, class T>
SKIPMAX_INLINE void add_row_keys(const T* weights, key_range keys, row_matrix<const T> v, T* sum,
                                 index width) {
  if (!is_empty(keys))
    value_row<Isa>(weights + keys.first, {v.data + keys.first * v.stride, v.stride},
                   keys.last - keys.first, sum, width);
}

// What the keys that some rows of a block see and others do not add to its sums. They come before the
// shared ones in every tile: the order must not depend on which tile is the block's last.
template <class Isa, class T>
SKIPMAX_INLINE void add_ragged_keys(const T* weights, const block_keys<T, Isa>& keys, int rows,
                                    row_matrix<const T> v, row_matrix<T> sums) {
  for (int r = 0; r < rows; ++r) {
    T* sum = sums.data + r * sums.stride;
    if (keys.fresh) clear_row<Isa>(sum, sums.stride);
    add_row_keys<Isa>(weights + r * tile_layout<T, Isa>::weight_stride,
                      left_of(keys.seen[r], keys.all), v, sum, sums.stride);
    add_row_keys<Isa>(weights + r * tile_layout<T, Isa>::weight_stride,
                      right_of(keys.seen[r], keys.all), v, sum, sums.stride);
  }
}

// Weights of one row block over the keys of one tile, and what they add to the output. With the
// last tile the output goes to the caller. The ranges in `keys` count from the start of the tile.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void attend_block(const Attention& a, const forward_plan<T>& plan,
                                 const forward_task<T>& task, index row, int rows,
                                 const packed_keys<T>& k, const block_keys<T, Isa>& keys,
                                 row_matrix<const T> v, const T* shift, upcoming_tile<T>& next) {
  using layout = tile_layout<T, Isa>;
  using Normalizer = decltype(a.normalizer);
  constexpr index stride = layout::weight_stride;
  const index width = plan.width, value_dim = plan.sizes.value_dim;
  const key_range any = keys.any, all = keys.all;
  const bool shared = all.first == any.first && all.last == any.last;
  alignas(64) T factor[row_lanes<T, Isa>];
  const block_scorer<Isa, T, Attention> score{
      a,
      task.q + row / layout::rows * packed_q_size<T, Isa>(k.dim),
      shift,
      k,
      {task.weights, stride, rows, keys.seen, any, all, keys.fresh}};
  const row_matrix<T> sums{task.out + row * width, width};
  const row_matrix<T> out{plan.out.row(task.batch, task.first_row + row, task.head),
                          plan.out.length_stride};

  next.fetch_part();
  if constexpr (is_pointwise<Normalizer>) {
    score(any.first, any.last);
  } else if (a.normalizer.template absorb<Isa>(state_of<Isa, Normalizer>(task, row), score,
                                               factor)) {
    for (int r = 0; r < rows; ++r) scale_row<Isa>(sums.data + r * width, width, factor[r]);
  }

  next.fetch_part();
  if (!shared) add_ragged_keys<Isa>(task.weights, keys, rows, v, sums);
  const bool direct =
      keys.last && !is_empty(all) && width == value_dim && padded_rows<layout::rows>(rows) == rows;
  for (T& f : factor) f = T(1);
  if (direct) find_factors<Isa>(a, plan, task, row, rows, factor);
  const bool earlier = !keys.fresh || !shared;
  if (!is_empty(all))
    value_tile<Isa>(task.weights + all.first, rows, {v.data + all.first * v.stride, v.stride},
                    all.last - all.first,
                    {{earlier ? sums.data : nullptr, width}, direct ? out : sums, factor}, width);
  if (direct || !keys.last) return;
  find_factors<Isa>(a, plan, task, row, rows, factor);
  for (int r = 0; r < rows; ++r)
    store_scaled<Isa>(out.data + r * out.stride, sums.data + r * width, value_dim, factor[r]);
}

// A row that sees no key is zeros.
template <class T, class Mask>
SKIPMAX_INLINE void clear_empty_rows(const Mask& mask, const forward_plan<T>& plan,
                                     const forward_task<T>& task) {
  for (index row = 0; row < task.rows; ++row) {
    const row_position at = position_of(plan, task, row);
    if (!is_empty(visible_range(mask, at))) {
      if constexpr (sees_alike<Mask>) return;
      continue;
    }
    T* out = plan.out.row(task.batch, at.query, task.head);
    for (index x = 0; x < plan.sizes.value_dim; ++x) out[x] = T(0);
  }
}

// q packed, states empty.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void prepare_rows(const Attention& a, const forward_plan<T>& plan,
                                 const forward_task<T>& task) {
  using Normalizer = decltype(a.normalizer);
  pack_q<Isa>(task.q, plan.q.row(task.batch, task.first_row, task.head), plan.q.length_stride,
              task.rows, plan.sizes.key_dim, plan.scale);
  if constexpr (!is_pointwise<Normalizer>)
    for (index row = 0; row < task.rows; row += register_block<T, Isa>::rows)
      a.normalizer.template clear<Isa>(state_of<Isa, Normalizer>(task, row));
}

// Shifts of the scores of one row block, for a normalizer that asks for them.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void find_shifts(const Attention& a, const forward_plan<T>& plan,
                                const forward_task<T>& task, index row, int rows, T* shift) {
  double length = -1, of_length = 0;
  for (int r = 0; r < rows; ++r) {
    const row_position at = position_of(plan, task, row + r);
    const key_range seen = visible_range(a.mask, at);
    if (is_empty(seen)) continue;
    const double now = a.normalizer.length(at, seen.last - seen.first, at.key_length);
    if (now != length) length = now, of_length = a.normalizer.shift(now);
    shift[r] = static_cast<T>(of_length);
  }
}

// Keys [start, start + keys): in panels, the last few in rows where the mask allows it.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE packed_keys<T> pack_keys(const Attention& a, const forward_plan<T>& plan,
                                        const forward_task<T>& task, index start, index keys) {
  const index dim = plan.sizes.key_dim, stride = plan.k.length_stride;
  const index tail = sees_alike<decltype(a.mask)> ? tail_keys<Isa, T>(keys) : 0;
  const T* k = plan.k.row(task.batch, start, task.kv_head);
  pack_k<Isa>(task.k, k, stride, keys - tail, dim);
  if (tail > 0)
    pack_rows<Isa>(task.tail, k + (keys - tail) * stride, stride, tail, dim,
                   round_up(dim, lanes<T, Isa>));
  return {task.k, task.tail, dim, keys - tail};
}

// Values of the same keys: where they lie if the kernel can read them there, else copied.
template <class Isa, class T>
SKIPMAX_INLINE row_matrix<const T> place_values(const forward_plan<T>& plan,
                                                const forward_task<T>& task, index start,
                                                index keys) {
  const T* v = plan.v.row(task.batch, start, task.kv_head);
  if (plan.v_in_place) return {v, plan.v.length_stride};
  pack_rows<Isa>(task.v, v, plan.v.length_stride, keys, plan.sizes.value_dim, plan.width);
  return {task.v, plan.width};
}

template <class Isa, class T, class Attention>
SKIPMAX_NOINLINE void run_forward_task(const Attention& a, const forward_plan<T>& plan,
                                       index number, T* scratch) {
  using layout = tile_layout<T, Isa>;
  constexpr index KT = layout::key_tile, MR = layout::rows;
  const forward_task<T> task = start_task(plan, number, scratch);
  prepare_rows<Isa>(a, plan, task);
  const key_range any = keys_of_rows(a.mask, position_of(plan, task, 0), task.rows);
  constexpr index longest = sees_alike<decltype(a.mask)> ? layout::longest_tile : KT;
  for (index start = any.first / KT * KT, keys; !is_empty(any) && start < any.last; start += keys) {
    keys = any.last - start <= longest ? any.last - start : KT;
    const packed_keys<T> k = pack_keys<Isa>(a, plan, task, start, keys);
    const row_matrix<const T> v = place_values<Isa>(plan, task, start, keys);
    upcoming_tile<T> next = start + keys < any.last
                                ? upcoming_keys(plan, task, start + keys, any.last, KT)
                                : upcoming_task(plan, number + plan.workers, KT);
    next.divide((task.rows + MR - 1) / MR * 2);
    block_keys<T, Isa> in_tile{};
    for (index row = 0; row < task.rows; row += MR) {
      const int rows = static_cast<int>(task.rows - row < MR ? task.rows - row : MR);
      if (!sees_alike<decltype(a.mask)> || row == 0)
        in_tile.find(a.mask, position_of(plan, task, row), rows, {start, start + keys});
      if (is_empty(in_tile.any)) continue;
      [[maybe_unused]] T shift[MR] = {};
      if constexpr (shifts_scores<decltype(a.normalizer)>)
        find_shifts<Isa>(a, plan, task, row, rows, shift);
      attend_block<Isa>(a, plan, task, row, rows, k, in_tile, v, shift, next);
    }
  }
  clear_empty_rows(a.mask, plan, task);
}

}  // namespace v0
}  // namespace skipmax
