// The tasks of a call with few queries and many keys.
//
//   attend_part   one part of the keys, for the queries of all heads that share them:
//                   for each tile of keys: weights of k's rows where they lie, sums += weights v
//                 leaves the sums, and the two numbers of the normalizer's, in scratch
//   merge_parts   the parts of one row, in the order of the keys
//
// So a row of k and of v comes from memory once, whatever the number of heads.
#pragma once

#include "skipmax/drive/parts.hpp"
#include "skipmax/drive/prepare.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/tile/key_rows.hpp"
#include "skipmax/tile/sparse_value_tile.hpp"
#include "skipmax/tile/value_rows.hpp"

namespace skipmax {
inline namespace v0 {

// Some of the rows that share a kv head: the queries of its first query head, then of the next.
struct group_rows {
  index batch, kv_head, first_head, first, count;
  index query_length, key_length;

  SKIPMAX_INLINE row_position operator()(index r) const {
    return {batch, first_head + (first + r) / query_length, (first + r) % query_length,
            query_length, key_length};
  }
  SKIPMAX_INLINE row_place place(index r) const {
    const row_position at = (*this)(r);
    return {batch, at.head, at.query};
  }
  SKIPMAX_INLINE group_rows from(index r) const {
    group_rows rest = *this;
    rest.first += r, rest.count -= r;
    return rest;
  }
};

// One task: these rows over these keys.
template <class Isa, class T>
struct part_task {
  static constexpr index most_rows = round_up(64, register_block<T, Isa>::rows);

  group_rows rows;
  key_range keys;
  key_range seen[most_rows];  // of them, by each row,
  key_range any;              // by any row
  row_matrix<T> sums;         // of the rows, in scratch
  T* slice;
};

template <class X, class Plan>
SKIPMAX_INLINE row_matrix<const X> keys_at(const tensor_view<const X>& x, const Plan& plan,
                                           const group_rows& rows, index key) {
  return rows_at(x, {rows.batch, rows.kv_head, key - plan.first_key});
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void place_part(const Attention& a, const decode_plan<T, S>& plan, index number,
                               T* parts, T* slice, part_task<Isa, T>& task) {
  const problem& p = plan.sizes;
  const index part = number % plan.parts, of_group = number / plan.parts;
  const index first = of_group % plan.blocks * plan.task_rows;
  const index kv_head = of_group / plan.blocks % p.kv_heads;
  const index rest = plan.group_rows - first;
  task.rows = {of_group / plan.blocks / p.kv_heads,
               kv_head,
               kv_head * (p.heads / p.kv_heads),
               first,
               rest < plan.task_rows ? rest : plan.task_rows,
               p.query_length,
               p.key_length};
  const index start = (plan.first_part + part) * part_keys;
  task.keys = intersect({start, start + part_keys}, plan.held);
  for (index r = 0; r < task.rows.count; ++r) {
    task.seen[r] = intersect(visible_range(a.mask, task.rows(r)), task.keys);
    task.any = r == 0 ? task.seen[r] : join_ranges(task.any, task.seen[r]);
  }
  const index stride = part_stride(p.value_dim);
  const index row = (task.rows.batch * p.heads + task.rows.first_head) * p.query_length + first;
  task.sums = {parts + (row * plan.parts + part) * stride, plan.parts * stride};
  task.slice = slice;
}

// q of all rows, times scale: [rows][depth], zeros beyond dim.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void pack_group(const Attention& a, const decode_plan<T, S>& plan,
                               const part_task<Isa, T>& task) {
  const index dim = plan.sizes.key_dim;
  T* to = task.slice;
  for (index r = 0; r < task.rows.count; ++r, to += plan.depth) {
    const row_place place = task.rows.place(r);
    const auto q = rows_at(plan.q, place);
    if constexpr (decltype(a.rows)::changes_q)
      pack_row<Isa>(
          to, transform_block<Isa>(a.rows.q, place, q, 1, dim, task.slice + plan.rows_at).data, dim,
          plan.depth, plan.scale);
    else
      pack_row<Isa>(to, q.data, dim, plan.depth, plan.scale);
  }
}

// Rows of k or v for the keys of one tile, and how many rows ahead of their use they are fetched: further
// than memory takes to answer, little enough to stay in the L1 cache. Copies were read already.
template <class X>
struct tile_rows {
  row_matrix<const X> rows;
  index ahead;
};
inline constexpr index bytes_ahead = 4096;

template <class X>
SKIPMAX_INLINE tile_rows<X> in_place(row_matrix<const X> rows, index dim) {
  const index row = dim * static_cast<index>(sizeof(X));
  return {rows, row == 0 || row >= bytes_ahead ? 1 : bytes_ahead / row};
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE tile_rows<T> copy_key_rows(const Attention& a, const decode_plan<T, S>& plan,
                                          const part_task<Isa, T>& task, key_range keys) {
  const auto k = keys_at(plan.k, plan, task.rows, keys.first);
  const index dim = plan.sizes.key_dim, count = keys.last - keys.first;
  T* copy = task.slice + plan.k_at;
  if constexpr (decltype(a.rows)::changes_k) {
    for (index j = 0; j < count; j += transformed_rows<T, Isa>) {
      const index some =
          count - j < transformed_rows<T, Isa> ? count - j : transformed_rows<T, Isa>;
      const row_place first{task.rows.batch, task.rows.kv_head, keys.first + j - plan.first_key};
      const row_matrix<const T> rows = transform_block<Isa>(
          a.rows.k, first, row_matrix<const typename S::k>{k.data + j * k.stride, k.stride}, some,
          dim, task.slice + plan.rows_at);
      pack_rows<Isa>(copy + j * plan.depth, rows.data, rows.stride, some, dim, plan.depth);
    }
  } else {
    pack_rows<Isa>(copy, k.data, k.stride, count, dim, plan.depth);
  }
  return {{copy, plan.depth}, 0};
}

template <class Isa, class T, class S>
SKIPMAX_INLINE tile_rows<T> copy_value_rows(const decode_plan<T, S>& plan,
                                            const part_task<Isa, T>& task, key_range keys) {
  const auto v = keys_at(plan.v, plan, task.rows, keys.first);
  T* copy = task.slice + plan.v_at;
  pack_rows<Isa>(copy, v.data, v.stride, keys.last - keys.first, plan.sizes.value_dim, plan.width);
  return {{copy, plan.width}, 0};
}

// attend(k, v) with the rows of k and v as they lie where the kernels can read them there, else copied.
template <class Isa, class T, class S, class Attention, class F>
SKIPMAX_INLINE void with_tile(const Attention& a, const decode_plan<T, S>& plan,
                              const part_task<Isa, T>& task, key_range keys, F attend) {
  const auto k = in_place(keys_at(plan.k, plan, task.rows, keys.first), plan.sizes.key_dim);
  const auto v = in_place(keys_at(plan.v, plan, task.rows, keys.first), plan.width);
  if constexpr (is_stored_as<S, T>)
    attend(plan.k_in_place ? k : copy_key_rows(a, plan, task, keys),
           plan.v_in_place ? v : copy_value_rows(plan, task, keys));
  else if (plan.k_in_place)
    attend(k, v);
  else
    attend(copy_key_rows(a, plan, task, keys), copy_value_rows(plan, task, keys));
}

// Sums of a block of rows over the keys of one tile, where they lie in scratch and in v.
template <class Isa, class T, class V>
struct value_step {
  score_block<T> block;
  tile_rows<V> v;
  row_matrix<T> sums;
  index width;
  key_number* list;  // scratch, room_of_list(values_at_once)
};

// Adds the keys of a range, which the P rows from r on see. Those of zero weight are left out where they
// are three in five or more: with half of them the memory, whose rows and prefetchers want one stream, is
// a tenth slower than if all were read. And where they may be hidden ones, whose values may be anything.
template <class Isa, int P, class T, class V, class Attention>
SKIPMAX_INLINE void add_keys(const Attention& a, const value_step<Isa, T, V>& step, int r,
                             key_range keys) {
  const index count = keys.last - keys.first, stride = step.block.stride;
  if (count <= 0) return;
  const T* weights = step.block.scores + r * stride + keys.first;
  const row_matrix<const V> v{step.v.rows.data + keys.first * step.v.rows.stride,
                              step.v.rows.stride};
  const row_matrix<T> sums{step.sums.data + r * step.sums.stride, step.sums.stride};
  if constexpr (hides<Attention> || can_skip_values<Attention>) {
    if (hides<Attention> || a.zeros != skip_zeros::never) {
      const index found =
          list_nonzero_keys<Isa, P, decode_stride<T, Isa>>(weights, count, step.list);
      if (hides<Attention> || a.zeros == skip_zeros::always || found * 5 <= count * 2)
        return value_rows<Isa, P>(weights, stride, v, listed_keys{step.list, found}, sums,
                                  step.width, step.v.ahead);
    }
  }
  value_rows<Isa, P>(weights, stride, v, every_key{count}, sums, step.width, step.v.ahead);
}

// Two rows at a time share what they load of v, where they see the same; and all rows a few keys at a time,
// whose values then are in the cache.
template <class Isa, class T, class V, class Attention>
SKIPMAX_INLINE void add_values(const Attention& a, const value_step<Isa, T, V>& tile) {
  const key_range *seen = tile.block.seen, any = tile.block.any;
  const int rows = tile.block.rows;
  for (index first = any.first; first < any.last; first += values_at_once) {
    const key_range some{first, first + values_at_once};
    value_step<Isa, T, V> step = tile;
    int r = 0;
    if constexpr (!hides<Attention>)
      for (; r + 1 < rows; r += 2) {
        const key_range one = intersect(seen[r], some), other = intersect(seen[r + 1], some);
        const key_range shared = intersect(one, other);
        add_keys<Isa, 1>(a, step, r, left_of(one, shared));
        add_keys<Isa, 1>(a, step, r, right_of(one, shared));
        add_keys<Isa, 1>(a, step, r + 1, left_of(other, shared));
        add_keys<Isa, 1>(a, step, r + 1, right_of(other, shared));
        if (!is_empty(shared)) add_keys<Isa, 2>(a, step, r, shared);
        if (!has_exact_zeros<decltype(a.score)>) step.v.ahead = 0;  // they are in the cache now
      }
    for (; r < rows; ++r) add_keys<Isa, 1>(a, step, r, intersect(seen[r], some));
  }
}

// One block of rows over the keys of one tile, whose columns count from the first.
template <class Isa, class T, class S, class K, class V, class Attention>
SKIPMAX_INLINE void attend_tile(const Attention& a, const decode_plan<T, S>& plan,
                                const part_task<Isa, T>& task, index row, key_range tile,
                                const tile_rows<K>& k, const tile_rows<V>& v) {
  using Normalizer = decltype(a.normalizer);
  constexpr index MR = register_block<T, Isa>::rows;
  const index rest = task.rows.count - row;
  T* slice = task.slice;
  key_range seen[MR] = {}, any{}, all{0, tile.last - tile.first};
  bool fresh = true;
  const int rows = static_cast<int>(rest < MR ? rest : MR);
  for (int r = 0; r < rows; ++r) {
    const key_range of_row = task.seen[row + r], here = intersect(of_row, tile);
    fresh = fresh && (is_empty(of_row) || of_row.first >= tile.first);
    seen[r] =
        is_empty(here) ? key_range{} : key_range{here.first - tile.first, here.last - tile.first};
    any = join_ranges(any, seen[r]);
    all = intersect(all, seen[r]);
  }
  if (is_empty(any)) return;
  const row_matrix<T> sums{task.sums.data + row * task.sums.stride, task.sums.stride};
  T hidden[MR];
  const auto kept = [&](int r) SKIPMAX_LAMBDA {
    return part_row_at(sums.data + r * sums.stride, plan.sizes.value_dim).kept;
  };
  if constexpr (counts_hidden<Attention>)
    for (int r = 0; r < rows; ++r) hidden[r] = kept(r)[0];
  const key_row_scorer<Isa, T, K, Attention, group_rows> score{
      a,
      slice + row * plan.depth,
      slice + plan.shift_at + row,
      k.rows,
      plan.depth,
      {slice + plan.weights_at, slice + plan.weights_at, decode_stride<T, Isa>, rows, seen, any,
       all, fresh},
      task.rows.from(row),
      tile.first,
      hidden,
      row == 0 ? k.ahead * k.rows.stride : 0};
  if constexpr (is_pointwise<Normalizer>) {
    score(any.first, any.last);
  } else {
    alignas(64) T factor[row_lanes<T, Isa>];
    T* state = slice + plan.state_at + row / MR * Normalizer::template state_size<Isa, T>;
    if (a.normalizer.template absorb<Isa>(state, score, factor))
      for (int r = 0; r < rows; ++r)
        scale_row<Isa>(sums.data + r * sums.stride, plan.width, factor[r]);
  }
  if constexpr (counts_hidden<Attention>)
    for (int r = 0; r < rows; ++r) kept(r)[0] = hidden[r];
  add_values(a, value_step<Isa, T, V>{score.block, v, sums, plan.width,
                                      reinterpret_cast<key_number*>(slice + plan.list_at)});
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_NOINLINE void attend_part(const Attention& a, const decode_plan<T, S>& plan, index number,
                                  T* parts, T* slice) {
  using Normalizer = decltype(a.normalizer);
  constexpr index MR = register_block<T, Isa>::rows;
  part_task<Isa, T> task{};
  place_part(a, plan, number, parts, slice, task);
  if (is_empty(task.any)) return;
  pack_group(a, plan, task);
  const index dim = plan.sizes.value_dim, width = part_width(dim);
  for (index r = 0; r < task.rows.count; ++r)
    clear_part<Isa>(a.normalizer, part_row_at(task.sums.data + r * task.sums.stride, dim), width);
  const auto state = [&](index row) SKIPMAX_LAMBDA {
    if constexpr (!is_pointwise<Normalizer>)
      return slice + plan.state_at + row / MR * Normalizer::template state_size<Isa, T>;
  };
  if constexpr (!is_pointwise<Normalizer>)
    for (index row = 0; row < task.rows.count; row += MR)
      a.normalizer.template clear<Isa>(state(row));
  if constexpr (shifts_scores<Normalizer>)
    find_shifts<Isa>(a, task.rows.count, task.rows, slice + plan.shift_at);
  for (key_range tile = task.any; !is_empty(tile); tile.first += decode_tile) {
    const key_range keys = intersect(tile, {tile.first, tile.first + decode_tile});
    with_tile(a, plan, task, keys, [&](const auto& k, const auto& v) SKIPMAX_LAMBDA {
      for (index row = 0; row < task.rows.count; row += MR)
        attend_tile(a, plan, task, row, keys, k, v);
    });
  }
  if constexpr (!is_pointwise<Normalizer>)
    for (index r = 0; r < task.rows.count; ++r)
      a.normalizer.template keep<Isa>(state(r), static_cast<int>(r % MR),
                                      part_row_at(task.sums.data + r * task.sums.stride, dim).kept);
}

// The parts of row `at`, the row-th one of all, that hold keys it sees.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void merge_parts(const Attention& a, const decode_plan<T, S>& plan, row_position at,
                                const T* parts, part_row<T> into) {
  const index dim = plan.sizes.value_dim, width = part_width(dim);
  const key_range seen = intersect(visible_range(a.mask, at), plan.held);
  if (is_empty(seen)) return clear_part<Isa>(a.normalizer, into, width);
  const index row = (at.batch * plan.sizes.heads + at.head) * at.query_length + at.query;
  const index first = seen.first / part_keys, last = (seen.last - 1) / part_keys;
  for (index n = first; n <= last; ++n) {
    const part_row<const T> part =
        part_row_at(parts + (row * plan.parts + n - plan.first_part) * part_stride(dim), dim);
    if (n == first)
      copy_part<Isa>(into, part, width);
    else
      merge_part<Isa>(a.normalizer, into, part, width);
  }
}

// The part of all held keys, for the rows of one head: from scratch to the rows of a partial.
template <class Isa, class T, class S, class Attention>
SKIPMAX_NOINLINE void merge_head(const Attention& a, const decode_plan<T, S>& plan, index number,
                                 const T* parts, T* partial) {
  const problem& p = plan.sizes;
  const head_rows rows{number / p.heads, number % p.heads, 0, p.query_length, p.key_length};
  for (index r = 0; r < p.query_length; ++r) {
    T* into = partial + (number * p.query_length + r) * part_stride(p.value_dim);
    merge_parts<Isa>(a, plan, rows(r), parts, part_row_at(into, p.value_dim));
  }
}

}  // namespace v0
}  // namespace skipmax
