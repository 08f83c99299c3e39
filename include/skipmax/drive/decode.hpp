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

template <class T>
SKIPMAX_INLINE row_matrix<const T> keys_at(const tensor_view<const T>& x,
                                           const decode_plan<T>& plan, const group_rows& rows,
                                           index key) {
  return rows_at(x, {rows.batch, rows.kv_head, key - plan.first_key});
}

template <class Isa, class T, class Attention>
SKIPMAX_INLINE void place_part(const Attention& a, const decode_plan<T>& plan, index number,
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

// q of all rows, times scale: [row blocks][depth / W][MR][W], zeros beyond the rows and beyond dim.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void pack_group(const Attention& a, const decode_plan<T>& plan,
                               const part_task<Isa, T>& task) {
  constexpr index MR = register_block<T, Isa>::rows, W = lanes<T, Isa>;
  const index dim = plan.sizes.key_dim, count = task.rows.count;
  clear_row<Isa>(task.slice, round_up(count, MR) * plan.depth);
  for (index r = 0; r < count; ++r) {
    const row_place place = task.rows.place(r);
    row_matrix<const T> from = rows_at(plan.q, place);
    if constexpr (decltype(a.rows)::changes_q)
      from = transform_block<Isa>(a.rows.q, place, from, 1, dim, task.slice + plan.rows_at);
    T* to = task.slice + r / MR * MR * plan.depth + r % MR * W;
    for (index x = 0; x < dim; ++x) to[x / W * MR * W + x % W] = from.data[x] * plan.scale;
  }
}

// Rows of k or v for keys of one tile.
template <class T>
struct tile_rows {
  row_matrix<const T> rows;
  upcoming_rows ahead;  // what to fetch meanwhile
};

// How far ahead of their use rows are fetched: further than memory takes to answer, little enough to stay
// in the L1 cache.
inline constexpr index bytes_ahead = 4096;

template <class T>
SKIPMAX_INLINE index rows_ahead(index dim) {
  const index row = dim * static_cast<index>(sizeof(T));
  return row >= bytes_ahead ? 1 : bytes_ahead / row;
}

template <class Isa, class T, class Attention>
SKIPMAX_INLINE tile_rows<T> place_key_rows(const Attention& a, const decode_plan<T>& plan,
                                           const part_task<Isa, T>& task, key_range keys) {
  const row_matrix<const T> k = keys_at(plan.k, plan, task.rows, keys.first);
  const index dim = plan.sizes.key_dim, count = keys.last - keys.first;
  if (plan.k_in_place) {
    const index ahead = rows_ahead<T>(dim > 0 ? dim : 1);
    const index left = task.any.last - keys.first - ahead;
    if (left <= 0) return {k, {}};
    upcoming_rows next = upcoming<T>(k, left < count ? left : count, dim);
    next.address += static_cast<std::uintptr_t>(ahead * next.stride_bytes);
    return {k, next};
  }
  T* copy = task.slice + plan.k_at;
  if constexpr (decltype(a.rows)::changes_k) {
    for (index j = 0; j < count; j += transformed_rows<T, Isa>) {
      const index some =
          count - j < transformed_rows<T, Isa> ? count - j : transformed_rows<T, Isa>;
      const row_place first{task.rows.batch, task.rows.kv_head, keys.first + j - plan.first_key};
      const row_matrix<const T> rows = transform_block<Isa>(
          a.rows.k, first, {k.data + j * k.stride, k.stride}, some, dim, task.slice + plan.rows_at);
      pack_rows<Isa>(copy + j * plan.depth, rows.data, rows.stride, some, dim, plan.depth);
    }
  } else {
    pack_rows<Isa>(copy, k.data, k.stride, count, dim, plan.depth);
  }
  return {{copy, plan.depth}, {}};
}

// What keys of one tile add to the sums of a block of rows: zero weights skipped one by one, where they
// are many or may meet what is hidden; otherwise all keys, two rows at a time where they see the same.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void add_values(const decode_plan<T>& plan, const score_block<T>& block,
                               row_matrix<const T> v, row_matrix<T> sums, value_fetch fetch,
                               int* list) {
  constexpr bool zeros =
      has_exact_zeros<decltype(Attention::score)> && is_pointwise<decltype(Attention::normalizer)>;
  const index any = block.any.first, width = plan.width;
  const auto weights = [&](int r, index from) SKIPMAX_LAMBDA {
    return static_cast<const T*>(block.scores + r * block.stride + from);
  };
  const auto values = [&](index from) SKIPMAX_LAMBDA {
    return row_matrix<const T>{v.data + (from - any) * v.stride, v.stride};
  };
  const auto moved = [&](index from) SKIPMAX_LAMBDA {
    value_fetch f = fetch;
    f.values += static_cast<std::uintptr_t>((from - any) * f.stride_bytes);
    return f;
  };
  const auto sum = [&](int r) SKIPMAX_LAMBDA {
    return row_matrix<T>{sums.data + r * sums.stride, sums.stride};
  };
  if constexpr (zeros || hides<Attention>) {
    index found[register_block<T, Isa>::rows], all = 0, seen = 0;
    for (int r = 0; r < block.rows; ++r) {
      const key_range keys = block.seen[r];
      found[r] =
          list_nonzero<Isa>(weights(r, keys.first), keys.last - keys.first, list + r * decode_tile);
      all += found[r], seen += keys.last - keys.first;
    }
    if (hides<Attention> || all * 10 < seen * 7) {
      for (int r = 0; r < block.rows; ++r) {
        const index from = block.seen[r].first;
        value_rows<Isa, 1>(weights(r, from), block.stride, values(from),
                           listed_keys{list + r * decode_tile, found[r]}, sum(r), width,
                           moved(from));
      }
      return;
    }
  }
  const auto add = [&]<int P>(std::integral_constant<int, P>, int r,
                              key_range keys) SKIPMAX_LAMBDA {
    if (keys.first < keys.last)
      value_rows<Isa, P>(weights(r, keys.first), block.stride, values(keys.first),
                         every_key{keys.last - keys.first}, sum(r), width, moved(keys.first));
  };
  int r = 0;
  for (; r + 1 < block.rows; r += 2) {
    const key_range shared = intersect(block.seen[r], block.seen[r + 1]);
    for (int one = r; one < r + 2; ++one) {
      add(std::integral_constant<int, 1>{}, one, left_of(block.seen[one], shared));
      add(std::integral_constant<int, 1>{}, one, right_of(block.seen[one], shared));
    }
    add(std::integral_constant<int, 2>{}, r, shared);
    fetch.distance = 0;
  }
  if (r < block.rows) add(std::integral_constant<int, 1>{}, r, block.seen[r]);
}

// One block of rows over one tile of keys.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void attend_tile(const Attention& a, const decode_plan<T>& plan,
                                const part_task<Isa, T>& task, index row, index tile,
                                const tile_rows<T>& k, const tile_rows<T>& v, key_range held) {
  using Normalizer = decltype(a.normalizer);
  constexpr index MR = register_block<T, Isa>::rows;
  const index rest = task.rows.count - row;
  T* slice = task.slice;
  key_range seen[MR], any{}, all{0, decode_tile};
  bool fresh = true;
  const int rows = static_cast<int>(rest < MR ? rest : MR);
  for (int r = 0; r < rows; ++r) {
    const key_range of_row = task.seen[row + r];
    fresh = fresh && (is_empty(of_row) || of_row.first >= tile);
    const key_range here = intersect(of_row, {tile, tile + decode_tile});
    seen[r] = is_empty(here) ? key_range{} : key_range{here.first - tile, here.last - tile};
    any = join_ranges(any, seen[r]);
    all = intersect(all, seen[r]);
  }
  if (is_empty(any)) return;
  const index skipped = tile + any.first - held.first;  // rows of the tile that none of these sees
  const auto rows_from = [&](row_matrix<const T> x) SKIPMAX_LAMBDA {
    return row_matrix<const T>{x.data + skipped * x.stride, x.stride};
  };
  const index stride = decode_tile + tile_layout<T, Isa>::cache_line;
  const row_matrix<T> sums{task.sums.data + row * task.sums.stride, task.sums.stride};
  T hidden[MR];
  const auto kept = [&](int r) SKIPMAX_LAMBDA {
    return part_row_at(sums.data + r * sums.stride, plan.sizes.value_dim).kept;
  };
  if constexpr (counts_hidden<Attention>)
    for (int r = 0; r < rows; ++r) hidden[r] = kept(r)[0];
  const key_row_scorer<Isa, T, Attention, group_rows> score{
      a,
      slice + row * plan.depth,
      slice + plan.shift_at + row,
      rows_from(k.rows),
      plan.depth,
      {slice + plan.weights_at, stride, rows, seen, any, all, fresh},
      task.rows.from(row),
      tile,
      hidden,
      slice + plan.lanes_at,
      k.ahead};
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
  const row_matrix<const T> values = rows_from(v.rows);
  const value_fetch fetch{reinterpret_cast<std::uintptr_t>(values.data), v.ahead.stride_bytes,
                          v.ahead.row_bytes, v.ahead.rows};
  add_values<Isa, T, Attention>(plan, score.block, values, sums, fetch,
                                reinterpret_cast<int*>(slice + plan.list_at));
}

template <class Isa, class T, class Attention>
SKIPMAX_NOINLINE void attend_part(const Attention& a, const decode_plan<T>& plan, index number,
                                  T* parts, T* slice) {
  using Normalizer = decltype(a.normalizer);
  constexpr index MR = register_block<T, Isa>::rows;
  part_task<Isa, T> task;
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
  for (index tile = task.any.first / decode_tile * decode_tile; tile < task.any.last;
       tile += decode_tile) {
    const key_range held = intersect(task.any, {tile, tile + decode_tile});
    const tile_rows<T> k = place_key_rows(a, plan, task, held);
    tile_rows<T> v{keys_at(plan.v, plan, task.rows, held.first), {}};
    v.ahead = upcoming<T>(v.rows, rows_ahead<T>(dim), dim);
    if (!plan.v_in_place) {
      T* copy = slice + plan.v_at;
      pack_rows<Isa>(copy, v.rows.data, v.rows.stride, held.last - held.first, dim, plan.width);
      v = {{copy, plan.width}, {}};
    }
    for (index row = 0; row < task.rows.count; row += MR)
      attend_tile(a, plan, task, row, tile, k, v, held);
  }
  if constexpr (!is_pointwise<Normalizer>)
    for (index r = 0; r < task.rows.count; ++r)
      a.normalizer.template keep<Isa>(state(r), static_cast<int>(r % MR),
                                      part_row_at(task.sums.data + r * task.sums.stride, dim).kept);
}

// The parts of row `at`, the row-th one of all, that hold keys it sees.
template <class Isa, class T, class Attention>
SKIPMAX_INLINE void merge_parts(const Attention& a, const decode_plan<T>& plan, row_position at,
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
template <class Isa, class T, class Attention>
SKIPMAX_NOINLINE void merge_head(const Attention& a, const decode_plan<T>& plan, index number,
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
