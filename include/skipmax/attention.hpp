// Attention with a score function of your choice:
//
//   out_i = sum_j weight_ij v_j
//   weight_ij = normalizer( h( cap( scale <q_i, k_j> ) + bias_ij ) )
//
// The sum runs over the keys j that the mask lets row i see. Row transforms may change q, k and out
// (qk-layernorm, a gate). With h = identity and the normalizer softmax this is the usual attention;
// with h = relu and by_length it is ReLU-attention (arXiv 2309.08586).
//
//   skipmax::relu_attention{}.forward(q, k, v, out);
//   const auto f = skipmax::relu_attention{}.with(skipmax::causal{}).with(skipmax::gelu{});
//   f.forward(q, k, v, out, pool);
#pragma once

#include "skipmax/bias/alibi.hpp"
#include "skipmax/bias/dense_bias.hpp"
#include "skipmax/bias/relative_bias.hpp"
#include "skipmax/bias/score_bias.hpp"
#include "skipmax/bias/t5_buckets.hpp"
#include "skipmax/drive/decode.hpp"
#include "skipmax/drive/forward.hpp"
#include "skipmax/execution/executor.hpp"
#include "skipmax/execution/serial.hpp"
#include "skipmax/key_cache.hpp"
#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/dense_mask.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "skipmax/mask/sliding_window.hpp"
#include "skipmax/normalize/by_length.hpp"
#include "skipmax/normalize/minus_log_length.hpp"
#include "skipmax/normalize/softmax.hpp"
#include "skipmax/normalize/softmax_with_sinks.hpp"
#include "skipmax/normalize/unnormalized.hpp"
#include "skipmax/partial.hpp"
#include "skipmax/row/gate.hpp"
#include "skipmax/row/in_turn.hpp"
#include "skipmax/row/qk_norm.hpp"
#include "skipmax/row/rotary.hpp"
#include "skipmax/row/row_slots.hpp"
#include "skipmax/scale.hpp"
#include "skipmax/score/compose.hpp"
#include "skipmax/score/gelu.hpp"
#include "skipmax/score/gelu_erf.hpp"
#include "skipmax/score/identity.hpp"
#include "skipmax/score/laplace.hpp"
#include "skipmax/score/relu.hpp"
#include "skipmax/score/relu6.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/score/sigmoid.hpp"
#include "skipmax/score/silu.hpp"
#include "skipmax/score/softcap.hpp"
#include "skipmax/score/softplus.hpp"
#include "skipmax/score/squared_relu.hpp"
#include "skipmax/segments.hpp"
#include "skipmax/skip_zeros.hpp"
#include "skipmax/workspace.hpp"

namespace skipmax {
inline namespace v0 {

template <class Score = identity, class Normalizer = softmax, class Mask = no_mask,
          class Cap = no_cap, class Bias = no_bias, class Rows = row_slots<>>
struct attention {
  static_assert(score_function<Score>,
                "skipmax: the score slot holds no score function: give it "
                "template <class V> V value(V s) const, see skipmax/score/score_function.hpp");
  static_assert(row_normalizer<Normalizer>,
                "skipmax: the normalizer slot holds no row normalizer: use softmax, "
                "softmax_with_sinks, by_length, unnormalized or minus_log_length, see "
                "skipmax/normalize/row_normalizer.hpp");
  static_assert(mask_policy<Mask>,
                "skipmax: the mask slot holds no mask: give it "
                "key_range visible(row_position) const, see skipmax/mask/mask_policy.hpp");
  static_assert(score_cap<Cap>, "skipmax: the cap slot holds no cap: use softcap or no_cap");
  static_assert(score_bias<Bias>,
                "skipmax: the bias slot holds no score bias: give it template <class V> "
                "V bias(row_position, index) const, see skipmax/bias/score_bias.hpp");

  Score score{};
  Normalizer normalizer{};
  Mask mask{};
  Cap cap{};
  skipmax::scale scale{};
  Bias bias{};
  Rows rows{};
  skipmax::segments segments{};
  skip_zeros zeros = skip_zeros::where_faster;

  // Returns this attention with one slot replaced, chosen by the type of the argument: a score
  // function, a row normalizer, a mask, a cap, a score bias, row transforms of q, k or out, a gate,
  // segments, a scale or skip_zeros.
  template <class Slot>
  [[nodiscard]] SKIPMAX_INLINE constexpr auto with(Slot slot) const {
    if constexpr (requires(attention a) { a.set(slot); }) {
      attention changed = *this;
      changed.set(slot);
      return changed;
    } else if constexpr (requires { rows.with(slot); })
      return made(score, normalizer, mask, cap, bias, rows.with(slot));
    else if constexpr (score_cap<Slot>)
      return made(score, normalizer, mask, slot, bias, rows);
    else if constexpr (mask_policy<Slot>)
      return made(score, normalizer, slot, cap, bias, rows);
    else if constexpr (score_bias<Slot>)
      return made(score, normalizer, mask, cap, slot, rows);
    else if constexpr (row_normalizer<Slot>)
      return made(score, slot, mask, cap, bias, rows);
    else if constexpr (score_function<Slot>)
      return made(slot, normalizer, mask, cap, bias, rows);
    else
      static_assert(
          score_function<Slot>,
          "skipmax: with(slot): no slot takes this type: wanted a score function "
          "(template <class V> V value(V) const), a row normalizer (a divisor stands in it: "
          "by_length{all_keys{}}), a mask (key_range visible(row_position) const), a cap, "
          "a bias (template <class V> V bias(row_position, index) const), a gate, segments, a "
          "scale, skip_zeros, or a row transform in on_q, on_k or on_out");
  }

  // Computes out from q, k and v.
  //
  //   q   [batch, query length, heads, key dim]
  //   k   [batch, key length, kv heads, key dim]     heads is a multiple of kv heads
  //   v   [batch, key length, kv heads, value dim]
  //   out [batch, query length, heads, value dim]    in memory that nothing else in the call uses
  //
  // All four are tensor_views of double, or each is a tensor_view of float, bf16 or f16; then all
  // arithmetic is in float, and out is rounded when written. executor runs the tasks (default
  // serial{}); scratch, if given, keeps its memory for the next call. Throws std::invalid_argument
  // before anything is written. The result is bitwise the same for every executor.
  template <class Q, class K, class V, class Out, class Executor = serial, class Isa = native_isa>
  SKIPMAX_INLINE void forward(const Q& q, const K& k, const V& v, const Out& out,
                              Executor&& executor, workspace& scratch, Isa = {}) const {
    constexpr bool views = are_tensor_views<Q, K, V, Out>;
    static_assert(views,
                  "skipmax: forward(q, k, v, out) takes tensor_views: wrap each argument, as in "
                  "as_blhd(q) for an Eigen tensor or blhd(pointer, batch, length, heads, dim)");
    if constexpr (views)
      if constexpr (stored_alike<Q, K, V, Out>())
        run<Isa, stored_in<Q, K, V, Out>>(q, k, v, out, executor, scratch);
  }
  template <class Q, class K, class V, class Out, class Executor = serial>
  SKIPMAX_INLINE void forward(const Q& q, const K& k, const V& v, const Out& out,
                              Executor&& executor = {}, workspace* scratch = nullptr) const {
    workspace own;
    forward(q, k, v, out, executor, scratch ? *scratch : own);
  }

  // Computes out for the last n positions of each sequence, whose keys and values are in a cache.
  //
  //   q          [batch, n, heads, key dim]             the new tokens, n up to about 16
  //   k_cache    [batch, capacity, kv heads, key dim]   already holds the keys of the new tokens
  //   v_cache    [batch, capacity, kv heads, value dim]
  //   kv_lengths [batch]                                keys in the cache, including the new ones
  //   out        [batch, n, heads, value dim]
  //
  // As forward with both{both{key_lengths{kv_lengths, batch}, causal{}}, mask}, to rounding: row i
  // sees those of the first kv_lengths[b] - n + i + 1 keys that the mask shows it; no key from
  // kv_lengths[b] on is read. A row of k or v is read once for all heads that share it; workers can
  // share one sequence. Types, executor, scratch, errors: as in forward, but segments are refused.
  template <class Q, class K, class V, class Out, class Executor = serial, class Isa = native_isa>
  SKIPMAX_INLINE void decode(const Q& q, const K& k_cache, const V& v_cache,
                             const index* kv_lengths, const Out& out, Executor&& executor,
                             workspace& scratch, Isa = {}) const {
    if constexpr (decode_takes<Q, K, V, Out>())
      run_decode<Isa, stored_in<Q, K, V, Out>>(q, k_cache, v_cache, kv_lengths, out, executor,
                                               scratch);
  }
  template <class Q, class K, class V, class Out, class Executor = serial>
  SKIPMAX_INLINE void decode(const Q& q, const K& k_cache, const V& v_cache,
                             const index* kv_lengths, const Out& out, Executor&& executor = {},
                             workspace* scratch = nullptr) const {
    workspace own;
    decode(q, k_cache, v_cache, kv_lengths, out, executor, scratch ? *scratch : own);
  }
  template <class Q, class K, class V, class Length, class Out, class... Execution>
  requires(!std::is_same_v<Length, index>) SKIPMAX_INLINE
      void decode(const Q&, const K&, const V&, const Length*, const Out&, Execution&&...) const {
    static_assert(
        std::is_same_v<Length, index>,
        "skipmax: decode: the lengths are of another type: wanted skipmax::index, 64 bits wide");
  }
  // Over a kv_cache, or a type with k(), v(), lengths(), batch(). executor and scratch may follow.
  template <class Q, key_cache Cache, class Out, class... Execution>
  SKIPMAX_INLINE void decode(const Q& q, const Cache& cache, const Out& out,
                             Execution&&... execution) const {
    decode(q, cache.k(), cache.v(), cache.lengths(), out, static_cast<Execution&&>(execution)...);
  }

  // The same for many new tokens, such as a prompt: calls forward, which is faster then.
  template <class Q, key_cache Cache, class Out, class... Execution>
  SKIPMAX_INLINE void prefill(const Q& q, const Cache& cache, const Out& out,
                              Execution&&... execution) const {
    up_to(cache.lengths(), cache.batch())
        .forward(q, cache.k(), cache.v(), out, static_cast<Execution&&>(execution)...);
  }

  // Attention over some of the keys: k and v hold those from shard.first on, of shard.key_length in
  // all. part is resized and gets the sums of every row, in float or double. Masks, biases and
  // divisors count positions over all keys. The rest is as in forward; segments are refused. Merge
  // parts over disjoint shards that cover all keys, in any order, then finish:
  //
  //   f.forward_partial(q, k_low, v_low, {0, 4096}, low);         // on one machine: 1000 keys
  //   f.forward_partial(q, k_high, v_high, {1000, 4096}, high);   // on another: the other 3096
  //   f.merge(low, high);
  //   f.finish(low, out);
  //
  // out is then the result of forward, to rounding.
  template <class Q, class K, class V, class T, class Executor = serial, class Isa = native_isa>
  SKIPMAX_INLINE void forward_partial(const Q& q, const K& k, const V& v, key_shard shard,
                                      partial<T>& part, Executor&& executor, workspace& scratch,
                                      Isa = {}) const {
    if constexpr (decode_takes<Q, K, V, tensor_view<T>>())
      run_partial<Isa, stored_in<Q, K, V, tensor_view<T>>>(q, k, v, shard, part, executor, scratch);
  }
  template <class Q, class K, class V, class T, class Executor = serial>
  SKIPMAX_INLINE void forward_partial(const Q& q, const K& k, const V& v, key_shard shard,
                                      partial<T>& part, Executor&& executor = {},
                                      workspace* scratch = nullptr) const {
    workspace own;
    forward_partial(q, k, v, shard, part, executor, scratch ? *scratch : own);
  }

  // Merges other into `into`, which then covers the keys of both. For a point-wise normalizer this
  // is a sum. Throws std::invalid_argument if the sizes differ or both are the same part.
  template <class T, class Isa = native_isa>
  SKIPMAX_INLINE void merge(partial<T>& into, const partial<T>& other, Isa = {}) const {
    check_merge<Isa>(into, other);
    const index dim = into.sizes().value_dim, stride = part_stride(dim);
    for (index row = 0; row < into.rows(); ++row)
      merge_part<Isa>(normalizer, part_row_at(into.data() + row * stride, dim),
                      part_row_at(other.data() + row * stride, dim), part_width(dim));
  }

  // Computes out [batch, query length, heads, value dim] from the part over all keys: applies the
  // divisor, the transforms of out and the gate. Throws std::invalid_argument before it writes.
  template <class T, class Out, class Isa = native_isa>
  SKIPMAX_INLINE void finish(const partial<T>& part, tensor_view<Out> out, Isa = {}) const {
    static_assert(!std::is_const_v<Out>,
                  "skipmax: out is a view of const elements: wanted one that can be written");
    static_assert(
        std::is_same_v<computed_t<std::remove_const_t<Out>>, T>,
        "skipmax: finish: the part and out differ in element type: wanted both double, or "
        "a part of float and out of float, bf16 or f16");
    check_finish<Isa>(*this, part, out);
    const problem& p = part.sizes();
    workspace scratch;
    scratch.reserve(register_block<T, Isa>::rows * part_width(p.value_dim) *
                    static_cast<index>(sizeof(T)));
    for (index head = 0; head < p.batch * p.heads; ++head)
      finish_head<Isa>(*this, p, head, static_cast<T*>(scratch.data()), out,
                       [&](row_position at, part_row<T> into) SKIPMAX_LAMBDA {
                         const index row = head * p.query_length + at.query;
                         copy_part<Isa>(
                             into,
                             part_row_at(part.data() + row * part_stride(p.value_dim), p.value_dim),
                             part_width(p.value_dim));
                       });
  }
  template <class T, class Out>
  SKIPMAX_INLINE void finish(const partial<T>&, const Out&) const {
    static_assert(is_tensor_view<Out>,
                  "skipmax: finish takes a tensor_view: wrap out, as in as_blhd(out) for an Eigen "
                  "tensor or blhd(pointer, batch, length, heads, dim)");
  }

 private:
  template <class... Views>
  static constexpr bool are_tensor_views = (is_tensor_view<Views> && ...);

  template <class Q, class K, class V, class Out>
  using stored_in = stored_types<typename Q::value_type, typename K::value_type,
                                 typename V::value_type, typename Out::value_type>;

  // Requires that q, k, v and out are all computed with in float or all in double.
  template <class Q, class K, class V, class Out>
  SKIPMAX_INLINE static constexpr bool stored_alike() {
    using T = computed_t<typename Out::value_type>;
    constexpr bool same = std::is_same_v<computed_t<typename Q::value_type>, T> &&
                          std::is_same_v<computed_t<typename K::value_type>, T> &&
                          std::is_same_v<computed_t<typename V::value_type>, T>;
    static_assert(same,
                  "skipmax: q, k, v and out differ in element type: wanted all double, or each "
                  "float, bf16 or f16");
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                  "skipmax: the element type is none of float, double, bf16 and f16");
    static_assert(std::is_same_v<decltype(Out::data), typename Out::value_type*>,
                  "skipmax: out is a view of const elements: wanted one that can be written");
    return same;
  }

  template <class Q, class K, class V, class Out>
  SKIPMAX_INLINE static constexpr bool decode_takes() {
    constexpr bool views = are_tensor_views<Q, K, V, Out>;
    static_assert(
        views,
        "skipmax: decode and forward_partial take tensor_views: wrap each argument, as in "
        "as_bhld(k) for an Eigen tensor or bhld(pointer, batch, heads, length, dim)");
    static_assert(can_merge<Normalizer>,
                  "skipmax: the normalizer cannot merge parts over disjoint keys: give it keep, "
                  "keep_nothing, merge and finish_kept, see skipmax/normalize/row_normalizer.hpp");
    if constexpr (views) {
      return stored_alike<Q, K, V, Out>() && can_merge<Normalizer>;
    }
    return false;
  }

  // This attention with sequence b cut to lengths[b] keys and its last query at the last of them.
  SKIPMAX_INLINE constexpr auto up_to(const index* lengths, index batch) const {
    return with(both{both{key_lengths{lengths, batch}, causal{}}, mask});
  }

  // The slots that are plain values.
  SKIPMAX_INLINE constexpr void set(skipmax::scale value) { scale = value; }
  SKIPMAX_INLINE constexpr void set(skipmax::segments value) { segments = value; }
  SKIPMAX_INLINE constexpr void set(skip_zeros value) { zeros = value; }

  template <class S, class N, class M, class C, class B, class R>
  SKIPMAX_INLINE constexpr auto made(S s, N n, M m, C c, B b, R r) const {
    return attention<S, N, M, C, B, R>{s, n, m, c, scale, b, r, segments, zeros};
  }

  template <class Isa, class S, class Executor>
  SKIPMAX_INLINE void run(tensor_view<const typename S::q> q, tensor_view<const typename S::k> k,
                          tensor_view<const typename S::v> v, tensor_view<typename S::out> out,
                          Executor& executor, workspace& scratch) const {
    using T = computed_t<typename S::out>;
    const index workers = workers_of(executor);
    const auto plan = plan_forward<Isa, T>(*this, q, k, v, out, workers);
    scratch.reserve(plan.slice * static_cast<index>(sizeof(T)) * workers);
    T* slices = static_cast<T*>(scratch.data());
    executor.for_each_task(plan.tasks, [&](index task, int worker) SKIPMAX_LAMBDA {
      run_forward_task<Isa>(*this, plan, task,
                            slice_of_worker(slices, plan.slice, worker, workers));
    });
  }

  template <class Isa, class S, class Executor>
  SKIPMAX_INLINE void run_decode(tensor_view<const typename S::q> q,
                                 tensor_view<const typename S::k> k,
                                 tensor_view<const typename S::v> v, const index* lengths,
                                 tensor_view<typename S::out> out, Executor& executor,
                                 workspace& scratch) const {
    using T = computed_t<typename S::out>;
    const auto a = up_to(lengths, q.batch);
    const index workers = workers_of(executor);
    const auto plan = plan_decode<Isa, T>(a, q, k, v, lengths, out, workers);
    scratch.reserve(plan.scratch_bytes(workers));
    run_parts<Isa>(a, plan, executor, workers, scratch,
                   [&](index head, const T* parts, T* slice) SKIPMAX_LAMBDA {
                     finish_head<Isa>(a, plan.sizes, head, slice + plan.merged_at, out,
                                      [&](row_position at, part_row<T> into) SKIPMAX_LAMBDA {
                                        merge_parts<Isa>(a, plan, at, parts, into);
                                      });
                   });
  }

  template <class Isa, class S, class Executor>
  SKIPMAX_INLINE void run_partial(tensor_view<const typename S::q> q,
                                  tensor_view<const typename S::k> k,
                                  tensor_view<const typename S::v> v, key_shard shard,
                                  partial<typename S::out>& part, Executor& executor,
                                  workspace& scratch) const {
    using T = typename S::out;
    static_assert(std::is_same_v<computed_t<T>, T>,
                  "skipmax: a partial holds sums: wanted partial<float> or partial<double>");
    const index workers = workers_of(executor);
    const auto plan = plan_partial<Isa, T>(*this, q, k, v, shard, workers);
    scratch.reserve(plan.scratch_bytes(workers));
    part.resize(plan.sizes);  // last of what may throw: a failed call leaves nothing like a result
    run_parts<Isa>(*this, plan, executor, workers, scratch,
                   [&](index head, const T* parts, T*)
                       SKIPMAX_LAMBDA { merge_head<Isa>(*this, plan, head, parts, part.data()); });
  }

  // All parts of all heads, then end(head, parts, slice) for each head, in scratch as planned.
  template <class Isa, class T, class S, class A, class Executor, class End>
  SKIPMAX_INLINE static void run_parts(const A& a, const decode_plan<T, S>& plan,
                                       Executor& executor, index workers, workspace& scratch,
                                       End end) {
    T* const parts = static_cast<T*>(scratch.data());
    T* const slices = parts + plan.row_parts;
    executor.for_each_task(plan.tasks, [&](index task, int worker) SKIPMAX_LAMBDA {
      attend_part<Isa>(a, plan, task, parts, slice_of_worker(slices, plan.slice, worker, workers));
    });
    executor.for_each_task(plan.final_tasks, [&](index head, int worker) SKIPMAX_LAMBDA {
      end(head, parts, slice_of_worker(slices, plan.slice, worker, workers));
    });
  }
};

using softmax_attention = attention<identity, softmax>;
using relu_attention = attention<relu, by_length<>>;
using squared_relu_attention = attention<squared_relu, by_length<>>;
using sigmoid_attention = attention<sigmoid, minus_log_length<>>;

}  // namespace v0
}  // namespace skipmax
