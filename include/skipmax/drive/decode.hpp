// The tasks of a call with few queries and many keys.
//
//   attend_part   one part of the keys, for the queries of all heads that share a kv head:
//                   for each tile of keys: weights from k, in place if possible; sums += weights v
//                 leaves the sums and the normalizer's two numbers in scratch
//   merge_parts   merges the parts of one row in the order of the keys
//
// So a task reads each row of k and v from memory once, whatever the number of heads.
#pragma once

#include "skipmax/drive/decode_task.hpp"
#include "skipmax/drive/decode_values.hpp"
#include "skipmax/drive/parts.hpp"
#include "skipmax/drive/prepare.hpp"
#include "skipmax/tile/key_rows.hpp"

namespace skipmax {
inline namespace v0 {

// Attends one block of rows to the keys of one tile. Columns count from the tile's first key.
template <class Isa, class T, class S, class K, class V, class Attention>
SKIPMAX_INLINE void attend_tile(const Attention& a, const decode_plan<T, S>& plan,
                                const part_task<Isa, T>& task, index row, key_range tile,
                                const tile_rows<K>& k, const tile_rows<V>& v) {
  using Normalizer = decltype(a.normalizer);
  constexpr index most = row_lanes<T, Isa>;
  const index rest = task.rows.count - row;
  T* slice = task.slice;
  key_range seen[most] = {}, any{}, all{0, tile.last - tile.first};
  bool fresh = true;
  const int rows = static_cast<int>(rest < most ? rest : most);
  for (int r = 0; r < rows; ++r) {
    const key_range of_row = task.seen[row + r], here = intersect(of_row, tile);
    fresh = fresh && (is_empty(of_row) || of_row.first >= tile.first);
    seen[r] =
        is_empty(here) ? key_range{} : key_range{here.first - tile.first, here.last - tile.first};
    any = join_ranges(any, seen[r]);
    all = intersect(all, seen[r]);
  }
  if (is_empty(any)) return;
  const row_matrix<T> sums = rows_from(task.sums, row);
  index hidden[most];
  const auto kept = [&](int r) SKIPMAX_LAMBDA {
    return part_row_at(sums.data + r * sums.stride, plan.sizes.value_dim).kept;
  };
  if constexpr (counts_hidden<Attention>)
    for (int r = 0; r < rows; ++r) hidden[r] = hidden_of(kept(r));
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
      k.ahead_in_stream};
  if constexpr (is_pointwise<Normalizer>) {
    score(any.first, any.last);
  } else {
    alignas(64) T factor[row_lanes<T, Isa>];
    T* state = state_of<Isa, Normalizer, most>(slice + plan.state_at, row);
    if (a.normalizer.template absorb<Isa>(state, score, factor))
      for (int r = 0; r < rows; ++r)
        scale_row<Isa>(sums.data + r * sums.stride, plan.width, factor[r]);
  }
  if constexpr (counts_hidden<Attention>)
    for (int r = 0; r < rows; ++r) keep_hidden(kept(r), hidden[r]);
  const row_matrix<T> of_block{slice + plan.of_block_at, plan.width};
  auto* list = reinterpret_cast<key_number*>(slice + plan.list_at);
  auto* ordered = list + room_of_list(part_keys);
  add_values(a, value_step<Isa, T, V>{score.block, v, sums, of_block, plan.width, list, ordered});
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_NOINLINE void attend_part(const Attention& a, const decode_plan<T, S>& plan, index number,
                                  T* parts, T* slice) {
  using Normalizer = decltype(a.normalizer);
  constexpr index most = row_lanes<T, Isa>;
  part_task<Isa, T> task{};
  place_part(a, plan, number, parts, slice, task);
  if (is_empty(task.any)) return;
  pack_group(a, plan, task);
  const index dim = plan.sizes.value_dim, width = part_width(dim);
  for (index r = 0; r < task.rows.count; ++r)
    clear_part<Isa>(a.normalizer, part_row_at(task.sums.data + r * task.sums.stride, dim), width);
  if constexpr (!is_pointwise<Normalizer>)
    for (index row = 0; row < task.rows.count; row += most)
      a.normalizer.template clear<Isa>(state_of<Isa, Normalizer, most>(slice + plan.state_at, row));
  if constexpr (shifts_scores<Normalizer>)
    find_shifts<Isa>(a, task.rows.count, task.rows, slice + plan.shift_at);
  for (key_range tile = task.any; !is_empty(tile); tile.first += plan.tile) {
    const key_range keys = intersect(tile, {tile.first, tile.first + plan.tile});
    with_tile(a, plan, task, keys, [&](auto k, auto v) SKIPMAX_LAMBDA {
      for (index row = 0; row < task.rows.count; row += most) {
        attend_tile(a, plan, task, row, keys, k, v);
        k = in_cache(k.rows), v = in_cache(v.rows);
      }
    });
  }
  if constexpr (!is_pointwise<Normalizer>)
    for (index r = 0; r < task.rows.count; ++r)
      a.normalizer.template keep<Isa>(state_of<Isa, Normalizer, most>(slice + plan.state_at, r),
                                      static_cast<int>(r % most),
                                      part_row_at(task.sums.data + r * task.sums.stride, dim).kept);
}

// Merges the parts of row `at` that hold keys it sees.
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

// Merges all parts of each row of one head, from scratch into the rows of a partial.
template <class Isa, class T, class S, class Attention>
SKIPMAX_NOINLINE void merge_head(const Attention& a, const decode_plan<T, S>& plan, index number,
                                 const T* parts, T* partial) {
  const problem& p = plan.sizes;
  const consecutive_rows rows{
      {number / p.heads, number % p.heads, 0, p.query_length, p.key_length}};
  for (index r = 0; r < p.query_length; ++r) {
    T* into = partial + (number * p.query_length + r) * part_stride(p.value_dim);
    merge_parts<Isa>(a, plan, rows(r), parts, part_row_at(into, p.value_dim));
  }
}

}  // namespace v0
}  // namespace skipmax
