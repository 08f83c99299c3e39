// The tasks of a call with few queries and many keys.
//
//   attend_part   one part of the keys, for the queries of all heads that share them:
//                   for each tile of keys: weights of k's rows where they lie, sums += weights v
//                 leaves the sums, and the two numbers of the normalizer's, in scratch
//   merge_parts   the parts of one row, in the order of the keys
//
// So a row of k and of v comes from memory once, whatever the number of heads.
#pragma once

#include "skipmax/drive/decode_task.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/tile/key_rows.hpp"
#include "skipmax/tile/sparse_value_tile.hpp"
#include "skipmax/tile/value_rows.hpp"

namespace skipmax {
inline namespace v0 {

// Sums of a block of rows over the keys of one tile, where they lie in scratch and in v. Those of keys_summed
// keys, from a multiple of that number on in the tile, are one sum.
template <class Isa, class T, class V>
struct value_step {
  score_block<T> block;
  tile_rows<V> v;
  row_matrix<T> sums, of_block;
  index width;
  key_number* list;  // scratch, room_of_list(part_keys)

  SKIPMAX_INLINE const T* weights(int r, index key) const {
    return block.scores + r * block.stride + key;
  }

  // Some keys of one sum for the P rows from r on, counted from `first`.
  template <int P, class Keys>
  SKIPMAX_INLINE void add(int r, index first, Keys keys, fetch_ahead fetch, bool starts = true,
                          bool ends = true) const {
    const block_sums<T> to{rows_from(sums, r), rows_from(of_block, r), starts, ends};
    value_rows<Isa, P>(weights(r, first), block.stride, rows_from(v.rows, first), keys, to, width,
                       fetch);
  }
};

SKIPMAX_INLINE key_range keys_of_one_sum(index key) {
  const index first = key / keys_summed * keys_summed;
  return {first, first + keys_summed};
}

// Adds the keys of a range that any of the P rows from r on gives a weight other than zero, where they are
// two in five or fewer: with half of them the memory, whose rows and prefetchers want one stream, is a
// tenth slower than if all were read. And where some may be hidden, whose values may be anything. False,
// and nothing done, elsewhere.
template <class Isa, int P, class T, class V, class Attention>
SKIPMAX_INLINE bool add_nonzero_keys([[maybe_unused]] const Attention& a,
                                     [[maybe_unused]] const value_step<Isa, T, V>& step,
                                     [[maybe_unused]] int r, [[maybe_unused]] key_range keys) {
  if constexpr (hides<Attention> || can_skip_values<Attention>) {
    const index count = keys.last - keys.first;
    if (count <= 0 || (!hides<Attention> && a.zeros == skip_zeros::never)) return false;
    const index found = list_nonzero_keys<Isa, P, decode_stride<T, Isa>>(
        step.weights(r, keys.first), count, step.list);
    if (!hides<Attention> && a.zeros != skip_zeros::always && found * 5 > count * 2) return false;
    for (index n = 0, end = 0; n < found; n = end) {
      const index last = keys_of_one_sum(keys.first + step.list[n]).last - keys.first;
      while (end < found && step.list[end] < last) ++end;
      step.template add<P>(r, keys.first, listed_keys{step.list + n, end - n, found - n},
                           {step.v.ahead});
    }
    return true;
  }
  return false;
}

// All keys of needed[r], for each pair of rows and a last single one. All rows take a few keys at a time,
// whose values then are in the L1 cache, and the first two passes over them share the fetching of the next
// ones, so that memory is idle in neither.
template <class Isa, class T, class V>
SKIPMAX_INLINE void add_needed_keys(const value_step<Isa, T, V>& step, const key_range* needed) {
  const int rows = step.block.rows;
  int passes = 0;
  for (int r = 0; r < rows; r += 2) passes += !is_empty(needed[r]);
  if (passes == 0) return;
  const auto fetch_in = [&](int pass) SKIPMAX_LAMBDA {
    if (pass > 1 || step.v.ahead == 0) return fetch_ahead{};
    if (passes == 1) return fetch_ahead{step.v.ahead};
    return fetch_ahead{step.v.at_once, pass == 0 ? fetched::even_lines : fetched::odd_lines};
  };
  const key_range any = step.block.any;
  for (key_range few{any.first, 0}; few.first < any.last; few.first = few.last) {
    const key_range one_sum = keys_of_one_sum(few.first);
    few.last = few.first + step.v.at_once;
    if (passes == 1 || few.last > one_sum.last) few.last = one_sum.last;
    int pass = 0;
    for (int r = 0; r < rows; r += 2) {
      const key_range of_sum = intersect(needed[r], one_sum), keys = intersect(of_sum, few);
      if (is_empty(keys)) continue;
      const every_key all{keys.last - keys.first};
      const bool starts = keys.first == of_sum.first, ends = keys.last == of_sum.last;
      if (r + 1 < rows)
        step.template add<2>(r, keys.first, all, fetch_in(pass), starts, ends);
      else
        step.template add<1>(r, keys.first, all, fetch_in(pass), starts, ends);
      ++pass;
    }
  }
}

// Two rows at a time share what they load of v, where they see the same.
template <class Isa, class T, class V, class Attention>
SKIPMAX_INLINE void add_values(const Attention& a, const value_step<Isa, T, V>& step) {
  const key_range* seen = step.block.seen;
  const int rows = step.block.rows;
  if constexpr (hides<Attention>) {
    for (int r = 0; r < rows; ++r) add_nonzero_keys<Isa, 1>(a, step, r, seen[r]);
  } else {
    const auto add_alone = [&](int r, key_range left) SKIPMAX_LAMBDA {
      if (is_empty(left) || add_nonzero_keys<Isa, 1>(a, step, r, left)) return;
      for (; !is_empty(left); left.first = keys_of_one_sum(left.first).last) {
        const key_range some = intersect(left, keys_of_one_sum(left.first));
        step.template add<1>(r, some.first, every_key{some.last - some.first}, {step.v.ahead});
      }
    };
    key_range needed[register_block<T, Isa>::rows] = {};
    int r = 0;
    for (; r + 1 < rows; r += 2) {
      const key_range shared = intersect(seen[r], seen[r + 1]);
      for (int p = r; p < r + 2; ++p) {
        add_alone(p, left_of(seen[p], shared));
        add_alone(p, right_of(seen[p], shared));
      }
      if (!add_nonzero_keys<Isa, 2>(a, step, r, shared)) needed[r] = shared;
    }
    if (r < rows && !add_nonzero_keys<Isa, 1>(a, step, r, seen[r])) needed[r] = seen[r];
    add_needed_keys(step, needed);
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
  const row_matrix<T> sums = rows_from(task.sums, row);
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
      row == 0 ? wrapped_product(k.ahead, k.rows.stride) : 0};
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
  const row_matrix<T> of_block{slice + plan.of_block_at, plan.width};
  auto* list = reinterpret_cast<key_number*>(slice + plan.list_at);
  add_values(a, value_step<Isa, T, V>{score.block, v, sums, of_block, plan.width, list});
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
  for (key_range tile = task.any; !is_empty(tile); tile.first += plan.tile) {
    const key_range keys = intersect(tile, {tile.first, tile.first + plan.tile});
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
