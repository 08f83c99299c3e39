// Turns views into a checked problem, a task grid and the size of scratch. A call throws for what
// is wrong with it here, before anything is written, or never.
#pragma once

#include <type_traits>

#include "skipmax/check_views.hpp"
#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/scale.hpp"
#include "skipmax/segments.hpp"
#include "skipmax/tile/layout.hpp"
#include "skipmax/tile/transform_block.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// The element types of the four tensors, each T or converted to T, and of packed memory.
template <class Q, class K = Q, class V = Q, class Out = Q, class Packed = computed_t<Out>>
struct stored_types {
  using q = Q;
  using k = K;
  using v = V;
  using out = Out;
  using packed = Packed;
};

// q, k and v are packed as pairs of bf16, and weights are rounded to bf16, if all three are bf16,
// no transform changes q or k, Isa multiplies such pairs and the normalizer can pack weights.
template <class Isa, class T, class Attention, class Q, class K, class V>
using packed_for = std::conditional_t<
    has_pair_products<Isa> && std::is_same_v<Q, bf16> && std::is_same_v<K, bf16> &&
        std::is_same_v<V, bf16> && !decltype(Attention::rows)::changes_q &&
        !decltype(Attention::rows)::changes_k && packs_weights<decltype(Attention::normalizer)>,
    bf16_pair, T>;

template <class T, class S = stored_types<T>>
struct forward_plan {
  tensor_view<const typename S::q> q;
  tensor_view<const typename S::k> k;
  tensor_view<const typename S::v> v;
  tensor_view<typename S::out> out;
  problem sizes;      // of the tensors
  problem sequences;  // with segments, their number as batch and the longest lengths; else as sizes
  skipmax::segments segments;
  T scale = T(1);        // of scores
  T q_scale = T(1);      // the part of it that is packed into q
  double row_scale = 1;  // the part of it that multiplies the finished rows

  index width = 0;          // value dim rounded up to whole registers
  bool q_in_place = false;  // the kernel reads q's rows without a copy
  bool v_in_place = false;  // the same for v
  index v_panel = 0;        // distance between panels of v, in elements
  index query_block = 0;    // rows per task, a multiple of MR
  index blocks = 0, tasks = 0;
  bool heads_together = false;  // the tasks of all heads over the same rows are consecutive
  index workers = 1;

  // Where arrays start in a worker's slice of scratch, in elements of T, and the slice's size.
  index k_at = 0, tail_at = 0, v_at = 0, scores_at = 0, weights_at = 0, out_at = 0, state_at = 0;
  index shift_at = 0, hidden_at = 0;  // [query block], if the slots need them
  index rows_at = 0;                  // rows of q or k that pass through a transform
  index slice = 0;
};

// Rows per task: enough that packing a tile of k takes little time compared with using it, few
// enough that the block's q and out stay in the L2 cache beside k and v. Fewer if workers would
// be idle, or if heads share a bias: then only as many rows of the bias as the L3 cache keeps.
template <class Isa, class T>
SKIPMAX_NOINLINE index choose_query_block(const problem& p, index width, index workers,
                                          index shared_row_bytes) {
  constexpr index MR = register_block<T, Isa>::rows, bytes = 512 * 1024;
  const index row = (p.key_dim + width) * static_cast<index>(sizeof(T));
  index most = row > 0 ? bytes / row : 2048;
  most = most > 2048 ? 2048 : most < 2 * MR ? 2 * MR : most;
  constexpr index shared_bytes = 8 * 1024 * 1024, fewest = 256;
  if (const index rows = shared_row_bytes > 0 ? shared_bytes / shared_row_bytes : most; rows < most)
    most = rows > fewest ? rows : most < fewest ? most : fewest;
  index blocks = ceil_div(p.query_length, most);
  if (workers > 1) {
    const index parts = p.batch * p.heads, wanted = ceil_div(4 * workers, parts);
    const index sensible = ceil_div(p.query_length, 4 * MR);
    const index split = wanted < sensible ? wanted : sensible;
    blocks = split > blocks ? split : blocks;
  }
  return round_up(ceil_div(p.query_length, blocks), MR);
}

// The sizes as slots see them: with segments, the number of sequences and the longest lengths.
template <class Isa>
SKIPMAX_NOINLINE problem longest_sequences(const problem& p, const segments& sequences) {
  if (!sequences.given()) return p;
  problem longest = p;
  longest.batch = sequences.count;
  longest.query_length = longest.key_length = 0;
  const index *q = sequences.offsets, *k = sequences.of_keys();
  for (index s = 0; s < sequences.count; ++s) {
    const index queries = q[s + 1] - q[s], keys = k[s + 1] - k[s];
    if (queries > longest.query_length) longest.query_length = queries;
    if (keys > longest.key_length) longest.key_length = keys;
  }
  return longest;
}

template <class Isa, class T, class S, class Attention>
SKIPMAX_INLINE void lay_out_scratch(const Attention&, forward_plan<T, S>& plan) {
  using layout = tile_layout<T, Isa>;
  const problem& p = plan.sequences;
  scratch_slice<T> slice{};
  const index keys = p.key_length < layout::longest_tile ? round_up(p.key_length, layout::columns)
                                                         : layout::longest_tile;
  using E = typename S::packed;
  static_assert(sizeof(E) == sizeof(T));
  const index row_blocks = plan.query_block / layout::rows;
  const index depth = packed_elements<E>(p.key_dim);
  slice.take(row_blocks * packed_q_size<E, Isa>(depth));
  plan.k_at = slice.take(keys * depth);
  plan.tail_at = slice.take(lanes<T, Isa> / 4 * round_up(depth, lanes<T, Isa>));
  plan.v_panel = plan.v_in_place ? layout::columns
                                 : packed_elements<E>(keys) * layout::columns + layout::cache_line;
  plan.v_at =
      slice.take(plan.v_in_place ? 0 : ceil_div(plan.width, layout::columns) * plan.v_panel);
  plan.scores_at = plan.weights_at = slice.take(layout::rows * layout::weight_stride);
  if constexpr (is_pair<E>) plan.weights_at = slice.take(layout::rows * layout::weight_stride);
  plan.out_at = slice.take(plan.query_block * plan.width);
  using Normalizer = decltype(Attention::normalizer);
  if constexpr (!is_pointwise<Normalizer>)
    plan.state_at = slice.take(row_blocks * Normalizer::template state_size<Isa, T>);
  if constexpr (shifts_scores<Normalizer>) plan.shift_at = slice.take(plan.query_block);
  if constexpr (counts_hidden<Attention>)
    plan.hidden_at = slice.take(plan.query_block * static_cast<index>(sizeof(index) / sizeof(T)));
  using Rows = decltype(Attention::rows);
  if constexpr (Rows::changes_q || Rows::changes_k)
    plan.rows_at =
        slice.take(2 * rows_of_call<Isa, T>(p.key_dim) * round_up(p.key_dim, lanes<T, Isa>));
  plan.slice = slice.size();
}

// Makes slots that branch on a register fail to compile. A comparison of AVX-512 registers converts
// to bool, so a branch would compile, and go one way for all lanes. For SSE2 it does not compile;
// the code below never runs.
template <class T, class Attention>
SKIPMAX_INLINE void refuse_branches([[maybe_unused]] const Attention& a) {
#if defined(__AVX512F__)
  using V = xsimd::batch<T, xsimd::sse2>;
  if (false) {
    if constexpr (requires { a.score.value(V()); })
      (void)a.score.value(V());  // no if and no ?: of a register: math::select(s > a, x, y)
    if constexpr (requires { a.bias.template bias<V>(row_position{}, 0); })
      (void)a.bias.template bias<V>(row_position{}, 0);
    if constexpr (requires { a.rows.gate.act.value(V()); }) (void)a.rows.gate.act.value(V());
  }
#endif
}

// The factor of <q, k>, times `unit`, the normalizer's factor for scores.
template <class Isa, class T>
SKIPMAX_NOINLINE T find_scale(scale given, index key_dim, double unit, error_message& error) {
  const double dim = key_dim > 0 ? static_cast<double>(key_dim) : 1;
  const double factor = given.is_default ? 1 / __builtin_sqrt(dim) : given.value;
  const double largest = compat::format<T>::largest / unit;
  if (error.empty() && !(factor >= -largest && factor <= largest))
    error << "skipmax: scale: found " << factor << ", wanted a finite number, at most " << largest
          << " in size, the range of the elements";
  return static_cast<T>(factor * unit);
}

// Splits the scale into the part packed into q and the part that multiplies the finished rows. The
// latter is between 2^-12 and 2^12, which keeps sums and factors far from the limits of float: if
// the scale is outside that range, its power of two goes into q, where it rounds nothing.
template <class T, class S, class Attention>
SKIPMAX_INLINE void divide_scale([[maybe_unused]] const Attention& a, forward_plan<T, S>& plan) {
  using E = typename S::packed;
  plan.q_scale = is_pair<E> ? T(1) : plan.scale;
  if constexpr (scales_rows<Attention, E>) {
    const double scale = static_cast<double>(plan.scale < 0 ? -plan.scale : plan.scale);
    double in_q = 1;
    if (!(scale >= 0x1p-12 && scale <= 0x1p12))
      in_q =
          __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, scale) & 0x7ff0000000000000);
    plan.q_scale = static_cast<T>(plan.scale < 0 ? -in_q : in_q);
    for (int n = 0; n < degree_of<decltype(a.score)>; ++n)
      plan.row_scale *= in_q == 0 ? 1 : scale / in_q;
  }
}

// Throws std::invalid_argument if sizes, strides, pointers or the numbers in the slots are invalid.
template <class Isa, class T, class Attention, class Q, class K, class V, class Out>
SKIPMAX_NOINLINE auto plan_forward(const Attention& a, tensor_view<const Q> q,
                                   tensor_view<const K> k, tensor_view<const V> v,
                                   tensor_view<Out> out, index workers) {
  using layout = tile_layout<T, Isa>;
  using S = stored_types<Q, K, V, Out, packed_for<Isa, T, Attention, Q, K, V>>;
  forward_plan<T, S> plan{};
  refuse_branches<T>(a);
  error_message error{};
  plan.sizes = {q.batch, q.length, k.length, q.heads, k.heads, q.dim, v.dim};
  check_views<Isa>(q, k, v, out, error);
  if (error.empty()) check_segments<Isa>(a.segments, plan.sizes, error);
  if (error.empty()) {
    plan.sequences = longest_sequences<Isa>(plan.sizes, a.segments);
    check_slots(a, mask_of_segments<decltype(a.mask)>{a.mask, a.segments}, plan.sizes,
                plan.sequences, error);
  }
  check_workers<Isa>(workers, error);
  double unit = 1;
  if constexpr (takes_raw_scores<Attention>) unit = decltype(a.normalizer)::score_factor;
  plan.scale = find_scale<Isa, T>(a.scale, q.dim, unit, error);
  throw_if(error);
  divide_scale(a, plan);

  plan.q = q, plan.k = k, plan.v = v, plan.out = out, plan.segments = a.segments;

  constexpr index W = lanes<T, Isa>;
  plan.width = round_up(v.dim, W);
  // With more than one row block, wider rows of v are faster from panels: 1.03 times at 512 bytes,
  // 1.07 at 1024 (AVX2, Zen 3; not measured elsewhere).
  const index widest_in_place =
      plan.sequences.query_length > layout::rows ? 256 / static_cast<index>(sizeof(T)) : v.dim;
  plan.v_in_place = std::is_same_v<V, T> && v.dim == plan.width && v.length_stride == v.dim &&
                    v.dim <= widest_in_place && v.head_stride % W == 0 && v.batch_stride % W == 0 &&
                    reinterpret_cast<std::uintptr_t>(v.data) % sizeof(simd<T, Isa>) == 0;
  using E = typename S::packed;
  if constexpr (is_pair<E>)  // packed floats carry the scale, and are no slower
    plan.q_in_place = q.dim == numbers_in<E> * depth_panel<E> && q.length_stride == q.dim &&
                      q.head_stride % numbers_in<E> == 0 && q.batch_stride % numbers_in<E> == 0 &&
                      reinterpret_cast<std::uintptr_t>(q.data) % sizeof(E) == 0 &&
                      plan.q_scale == 1;
  plan.workers = workers;
  const problem& p = plan.sequences;
  if (p.batch == 0 || p.query_length == 0 || p.heads == 0 || v.dim == 0) return plan;
  index shared_row_bytes = 0;
  if constexpr (requires { a.bias.shared_row_bytes(); })
    shared_row_bytes = p.heads > 1 ? a.bias.shared_row_bytes() : 0;
  plan.heads_together = shared_row_bytes > 0;
  plan.query_block = choose_query_block<Isa, T>(p, plan.width, workers, shared_row_bytes);
  plan.blocks = ceil_div(p.query_length, plan.query_block);
  plan.tasks = p.batch * p.heads * plan.blocks;
  lay_out_scratch<Isa>(a, plan);
  static_assert(layout::key_tile % layout::columns == 0);
  return plan;
}

}  // namespace v0
}  // namespace skipmax
