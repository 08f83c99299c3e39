// The plan of a call with few queries and many keys: decode, or attention over a shard of the keys.
// Tasks are sequence x kv head x row block x part of the keys. Each leaves partial outputs of its
// rows in scratch; once all are done, the parts of each row are merged.
//
//   k and v hold the keys `held` of a longer sequence, or all of them
//
// A part holds part_keys keys from a multiple of part_keys on, or those of them that there are. Its
// ends depend on nothing else, so no bit of the result depends on the number of workers or on the
// other sequences of a batch.
#pragma once

#include "skipmax/partial.hpp"
#include "skipmax/plan.hpp"
#include "skipmax/tile/nonzero_keys.hpp"

namespace skipmax {
inline namespace v0 {

// Keys per part: enough that a part writes little compared with what it reads, few enough that the
// processor's cores can share one head of some thousand keys.
inline constexpr index part_keys = 1024;

// k and v are stored in the type T of the arithmetic.
template <class S, class T>
inline constexpr bool is_stored_as =
    std::is_same_v<typename S::k, T>&& std::is_same_v<typename S::v, T>;

template <class T, class S = stored_types<T>>
struct decode_plan {
  tensor_view<const typename S::q> q;
  tensor_view<const typename S::k> k;
  tensor_view<const typename S::v> v;
  problem sizes;    // key_length counts all keys, including those held elsewhere
  key_range held;   // the keys in k and v, in decode up to the longest sequence
  index first_key;  // the key at position 0 of k and v
  T scale;

  index group_rows = 0;  // query rows of all heads that share a kv head
  index task_rows = 0;   // the rows of these per task, a multiple of row_lanes
  index blocks = 0, first_part = 0, parts = 0;
  index tasks = 0, final_tasks = 0;             // the latter: one for each head of all sequences
  index depth = 0, width = 0;                   // key dim, value dim rounded up to whole registers
  index tile = 0;                               // keys per tile
  bool k_in_place = false, v_in_place = false;  // rows are whole registers and need no transform

  // Scratch in elements of T: rows [batch][heads][query length][parts][part_stride], then a slice
  // per worker. These are the size of the rows, where arrays start in a slice, and a slice's size.
  index row_parts = 0;
  index k_at = 0, v_at = 0, weights_at = 0, state_at = 0, shift_at = 0, rows_at = 0;
  index merged_at = 0, of_block_at = 0, list_at = 0;
  index slice = 0;

  SKIPMAX_INLINE index scratch_bytes(index workers) const {
    return (row_parts + slice * workers) * static_cast<index>(sizeof(T));
  }
};

// Keys per tile: that many rows of k are read, then that many of v. Each switch between them costs
// memory time, so a tile is a whole part if possible. But if rows are copied, or read again for
// another row or row block, the tile must stay in L2: 512 keys of 128 floats are half of 512 KiB.
inline constexpr index tile_in_cache = 512;

// Keys whose values are summed by themselves before that sum is added to the sum of earlier keys.
inline constexpr index keys_summed = 256;

// Distance between the weight rows of a part, in elements: a cache line more than its keys, so that
// rows do not meet in the same few sets of the L1 cache.
template <class T, class Isa>
inline constexpr index decode_stride = part_keys + tile_layout<T, Isa>::cache_line;

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void lay_out_decode(const Attention&, decode_plan<T, S>& plan) {
  using Normalizer = decltype(Attention::normalizer);
  using Rows = decltype(Attention::rows);
  constexpr index of_block = row_lanes<T, Isa>;
  scratch_slice<T> slice{};
  slice.take(plan.task_rows * plan.depth);
  plan.k_at = slice.take(plan.k_in_place ? 0 : tile_in_cache * plan.depth);
  plan.v_at = slice.take(plan.v_in_place ? 0 : tile_in_cache * plan.width);
  plan.weights_at = slice.take(of_block * decode_stride<T, Isa>);
  if constexpr (!is_pointwise<Normalizer>)
    plan.state_at = slice.take(plan.task_rows / of_block * Normalizer::template state_size<Isa, T>);
  plan.shift_at = slice.take(plan.task_rows);
  if constexpr (Rows::changes_q || Rows::changes_k)
    plan.rows_at = slice.take(2 * rows_of_call<Isa, T>(plan.depth) * plan.depth);
  plan.merged_at = slice.take(register_block<T, Isa>::rows * part_width(plan.sizes.value_dim));
  plan.of_block_at = slice.take(of_block * plan.width);
  plan.list_at = slice.take(2 * room_of_list(part_keys) * static_cast<index>(sizeof(key_number)) /
                            static_cast<index>(sizeof(T)));
  plan.slice = slice.size();
}

// Plans the tasks and scratch of a call whose views and slots are already checked and in the plan.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void plan_parts(const Attention& a, decode_plan<T, S>& plan) {
  constexpr index of_block = row_lanes<T, Isa>, W = lanes<T, Isa>;
  const problem& p = plan.sizes;
  if (p.batch == 0 || p.query_length == 0 || p.heads == 0 || p.value_dim == 0) return;
  plan.group_rows = p.heads / p.kv_heads * p.query_length;
  const index most = round_up(64, of_block), needed = round_up(plan.group_rows, of_block);
  plan.task_rows = needed < most ? needed : most;
  plan.blocks = ceil_div(plan.group_rows, plan.task_rows);
  plan.first_part = plan.held.first / part_keys;
  if (plan.held.first < plan.held.last)
    plan.parts = ceil_div(plan.held.last, part_keys) - plan.first_part;
  plan.tasks = p.batch * p.kv_heads * plan.blocks * plan.parts;
  plan.final_tasks = p.batch * p.heads;
  plan.depth = round_up(p.key_dim, W);
  plan.width = round_up(p.value_dim, W);
  plan.k_in_place = p.key_dim == plan.depth && !decltype(a.rows)::changes_k;
  plan.v_in_place = p.value_dim == plan.width;
  if constexpr (!is_stored_as<S, T>)  // 16-bit rows and copies in T need different kernels
    plan.k_in_place = plan.v_in_place = plan.k_in_place && plan.v_in_place;
  const bool read_once = plan.task_rows == of_block && !hides<Attention>;
  plan.tile = read_once && plan.k_in_place && plan.v_in_place ? part_keys : tile_in_cache;
  plan.row_parts =
      round_up(p.batch * p.heads * p.query_length * plan.parts * part_stride(p.value_dim), 4096);
  lay_out_decode<Isa>(a, plan);
}

// Refuses parts of different sizes, and a part with itself.
template <class Isa, class T>
SKIPMAX_NOINLINE void check_merge(const partial<T>& into, const partial<T>& other) {
  const problem &a = into.sizes(), &b = other.sizes();
  const bool alike = a.batch == b.batch && a.query_length == b.query_length &&
                     a.key_length == b.key_length && a.heads == b.heads &&
                     a.value_dim == b.value_dim;
  error_message error{};
  const auto shape = [](const problem& p) SKIPMAX_LAMBDA {
    return tensor_shape{{p.batch, p.query_length, p.heads, p.value_dim}};
  };
  if (&into == &other)
    error << "skipmax: merge: found a part and itself, wanted parts over different keys";
  else if (!alike)
    error << "skipmax: merge: found a part of " << shape(b) << " over " << b.key_length
          << " keys, wanted " << shape(a) << " over " << a.key_length << " keys";
  throw_if(error);
}

template <class Isa, class T, class Out, class Attention>
SKIPMAX_NOINLINE void check_finish(const Attention& a, const partial<T>& part,
                                   const tensor_view<Out>& out) {
  const problem& p = part.sizes();
  error_message error{};
  check_view<Isa>("out", out, error);
  check_size<Isa>("out", "batch", out, out.batch, p.batch, "the batch of the part", error);
  check_size<Isa>("out", "length", out, out.length, p.query_length, "the length of q", error);
  check_size<Isa>("out", "heads", out, out.heads, p.heads, "the heads of q", error);
  check_size<Isa>("out", "dim", out, out.dim, p.value_dim, "the dim of v", error);
  check_writable<Isa>(out, error);
  if (error.empty()) check_slots(a, a.mask, p, p, error);
  throw_if(error);
}

// What decode and partial calls check apart from their views. p.key_length counts all keys.
template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void check_decode(const Attention& a, const problem& p, index workers,
                                 decode_plan<T, S>& plan, error_message& error) {
  refuse_branches<T>(a);
  if (error.empty() && a.segments.given())
    error << "skipmax: segments: found " << a.segments.count
          << " sequences, wanted none: the batch axis holds them here, of lengths of their own";
  if (error.empty()) check_slots(a, a.mask, p, p, error);
  check_workers<Isa>(workers, error);
  // the size of the parts; key_length is limited so that positions past the last key fit 64 bits
  const double parts = static_cast<double>(p.key_length) / part_keys + 2;
  const double bytes = static_cast<double>(p.batch) * static_cast<double>(p.heads) *
                       static_cast<double>(p.query_length) * parts *
                       static_cast<double>(part_stride(p.value_dim)) * sizeof(T);
  if (error.empty() && (bytes > 0x1p60 || p.key_length > index{1} << 60))
    error << "skipmax: q: shape: found " << p.batch << " x " << p.query_length << " x " << p.heads
          << " rows over " << p.key_length << " keys, wanted parts whose size fits 64 bits";
  plan.sizes = p;
  plan.scale = find_scale<Isa, T>(a.scale, p.key_dim, 1, error);
}

// a.mask must end each sequence at its length. Throws std::invalid_argument before anything is
// written.
template <class Isa, class T, class Q, class K, class V, class Out, class Attention>
SKIPMAX_NOINLINE auto plan_decode(const Attention& a, tensor_view<const Q> q,
                                  tensor_view<const K> k, tensor_view<const V> v,
                                  const index* lengths, tensor_view<Out> out, index workers) {
  decode_plan<T, stored_types<Q, K, V, Out>> plan{};
  error_message error{};
  check_views<Isa>(q, k, v, out, error);
  if (error.empty() && !lengths && q.batch > 0)
    error << "skipmax: kv_lengths: found a null pointer, wanted [" << q.batch << "]";
  for (index b = 0; error.empty() && b < q.batch; ++b) {
    if (lengths[b] < 0 || lengths[b] > k.length)
      error << "skipmax: kv_lengths[" << b << "]: found " << lengths[b] << ", wanted 0 to "
            << k.length << ", the length of k";
    else if (lengths[b] > plan.held.last)
      plan.held.last = lengths[b];
  }
  check_decode<Isa>(a, {q.batch, q.length, k.length, q.heads, k.heads, q.dim, v.dim}, workers, plan,
                    error);
  throw_if(error);
  plan.q = q, plan.k = k, plan.v = v;
  plan_parts<Isa>(a, plan);
  return plan;
}

// k and v hold the keys from shard.first on.
template <class Isa, class T, class Q, class K, class V, class Attention>
SKIPMAX_NOINLINE auto plan_partial(const Attention& a, tensor_view<const Q> q,
                                   tensor_view<const K> k, tensor_view<const V> v, key_shard shard,
                                   index workers) {
  decode_plan<T, stored_types<Q, K, V, T>> plan{};
  error_message error{};
  check_inputs<Isa>(q, k, v, error);
  const index first = shard.first, key_length = shard.key_length;
  if (error.empty() && (first < 0 || key_length < 0 || first > key_length - k.length))
    error << "skipmax: shard: found " << k.length << " keys from " << first << " on, of "
          << key_length << " keys, wanted a range within them";
  check_decode<Isa>(a, {q.batch, q.length, key_length, q.heads, k.heads, q.dim, v.dim}, workers,
                    plan, error);
  throw_if(error);
  plan.q = q, plan.k = k, plan.v = v;
  plan.first_key = first, plan.held = {first, first + k.length};
  plan_parts<Isa>(a, plan);
  return plan;
}

}  // namespace v0
}  // namespace skipmax
