// A task of decode: one part of the keys of one sequence, and query rows that share their kv head.
// Here are its place in the problem and in scratch, its packed queries, and the rows of k and v of
// one tile of its keys, in place or copied.
#pragma once

#include "skipmax/drive/key_ranges.hpp"
#include "skipmax/drive/task.hpp"
#include "skipmax/plan_decode.hpp"
#include "skipmax/simd/parted_rows.hpp"
#include "skipmax/tile/pack.hpp"
#include "skipmax/tile/transform_block.hpp"

namespace skipmax {
inline namespace v0 {

// Rows [first, first + count) of those that share a kv head, ordered by query head, then query.
struct group_rows {
  index batch, kv_head, first_head, first, count;
  index query_length, key_length;

  SKIPMAX_INLINE row_position operator()(index r) const {
    return {batch, first_head + (first + r) / query_length, (first + r) % query_length,
            query_length, key_length};
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
  static constexpr index most_rows = round_up(64, row_lanes<T, Isa>);

  group_rows rows;
  key_range keys;
  key_range seen[most_rows];  // those of `keys` that each row sees
  key_range any;              // the smallest range that holds all of seen
  row_matrix<T> sums;         // this part of each row, in scratch
  T* slice;                   // the worker's own scratch
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

// Packs q times scale for all rows: [rows][depth], zeros beyond dim. Parted, as in
// simd/parted_rows.hpp, if the rows of k are read that way.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void pack_group(const Attention& a, const decode_plan<T, S>& plan,
                               const part_task<Isa, T>& task) {
  const index dim = plan.sizes.key_dim;
  T* to = task.slice;
  for (index r = 0; r < task.rows.count; ++r, to += plan.depth) {
    const row_place place = place_of(a.mask, task.rows(r));
    const auto q = rows_at(plan.q, place);
    if constexpr (decltype(a.rows)::changes_q)
      pack_row<Isa>(
          to, transform_block<Isa>(a.rows.q, place, q, 1, dim, task.slice + plan.rows_at).data, dim,
          plan.depth, plan.scale);
    else
      pack_row<Isa>(to, q.data, dim, plan.depth, plan.scale);
    if constexpr (is_parted<T, typename S::k>)
      if (plan.k_in_place) to_parted_row<Isa>(to, plan.depth);
  }
}

// Rows of k or v for the keys of one tile, and how many rows ahead they are prefetched, in each
// stream and in a list. Not at all, 0, if they are in the cache: copies, and all after a first use.
template <class X>
struct tile_rows {
  row_matrix<const X> rows;
  index ahead_in_stream, ahead_in_list;
};

// Streams with narrow registers (Zen 3) leave it to the hardware. On Zen 5, 1.5 KiB ahead is best,
// and 2 KiB for 16 bits; 1 or 3 KiB lose up to a tenth. In lists, 4 to 16 KiB are alike.
template <class Isa, class X>
SKIPMAX_INLINE tile_rows<X> tile_of(const X* rows, index stride, index dim) {
  constexpr index in_stream = !fills_cache_line<computed_t<X>, Isa> ? 0
                              : sizeof(X) == 2                      ? 2048
                                                                    : 1536;
  constexpr index in_list = 6144;
  const index row = dim * static_cast<index>(sizeof(X));
  const auto rows_of = [=](index bytes) SKIPMAX_LAMBDA {
    return bytes == 0 ? 0 : row == 0 || row > bytes ? 1 : bytes / row;
  };
  return {{rows, stride}, rows_of(in_stream), rows_of(in_list)};
}
template <class X>
SKIPMAX_INLINE tile_rows<X> in_cache(row_matrix<const X> rows) {
  return {rows, 0, 0};
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE tile_rows<T> copy_key_rows(const Attention& a, const decode_plan<T, S>& plan,
                                          const part_task<Isa, T>& task, key_range keys) {
  const auto k = keys_at(plan.k, plan, task.rows, keys.first);
  const index dim = plan.sizes.key_dim, count = keys.last - keys.first;
  T* copy = task.slice + plan.k_at;
  if constexpr (decltype(a.rows)::changes_k) {
    const index most = rows_of_call<Isa, T>(dim);
    for (index j = 0; j < count; j += most) {
      const index some = count - j < most ? count - j : most;
      const index key = keys.first + j;
      const row_place first{task.rows.batch, task.rows.kv_head, key - plan.first_key, key};
      const row_matrix<const T> rows = transform_block<Isa>(a.rows.k, first, rows_from(k, j), some,
                                                            dim, task.slice + plan.rows_at);
      pack_rows<Isa>(copy + j * plan.depth, rows.data, rows.stride, some, dim, plan.depth);
    }
  } else {
    pack_rows<Isa>(copy, k.data, k.stride, count, dim, plan.depth);
  }
  return in_cache<T>({copy, plan.depth});
}

template <class Isa, class T, class S>
SKIPMAX_INLINE tile_rows<T> copy_value_rows(const decode_plan<T, S>& plan,
                                            const part_task<Isa, T>& task, key_range keys) {
  const auto v = keys_at(plan.v, plan, task.rows, keys.first);
  T* copy = task.slice + plan.v_at;
  pack_rows<Isa>(copy, v.data, v.stride, keys.last - keys.first, plan.sizes.value_dim, plan.width);
  return in_cache<T>({copy, plan.width});
}

// Calls attend(k, v) with the rows of k and v in place if the kernels can read them, else copied.
template <class Isa, class T, class S, class Attention, class F>
SKIPMAX_INLINE void with_tile(const Attention& a, const decode_plan<T, S>& plan,
                              const part_task<Isa, T>& task, key_range keys, F attend) {
  const auto in_place = [&](const auto& x) SKIPMAX_LAMBDA {
    const auto rows = keys_at(x, plan, task.rows, keys.first);
    return tile_of<Isa>(rows.data, rows.stride, x.dim);
  };
  const auto k = in_place(plan.k);
  const auto v = in_place(plan.v);
  if constexpr (is_stored_as<S, T>)
    attend(plan.k_in_place ? k : copy_key_rows(a, plan, task, keys),
           plan.v_in_place ? v : copy_value_rows(plan, task, keys));
  else if (plan.k_in_place)
    attend(k, v);
  else
    attend(copy_key_rows(a, plan, task, keys), copy_value_rows(plan, task, keys));
}

}  // namespace v0
}  // namespace skipmax
