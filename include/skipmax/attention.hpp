// Attention with a score function of your choice:
//
//   out_i = sum_j weight_ij v_j,   weight_ij = normalizer( h( cap( scale <q_i, k_j> ) + bias_ij ) )
//
// over the keys j that the mask lets row i see. q, k and out may pass through row transforms on their
// way (qk-layernorm, a gate). With h = identity and the normalizer softmax it is
// the usual attention; with h = relu and by_length it is ReLU-attention (arXiv 2309.08586).
//
//   skipmax::relu_attention{}.forward(q, k, v, out);
//   skipmax::relu_attention{}.with(skipmax::causal{}).with(skipmax::gelu{}).forward(q, k, v, out, pool);
#pragma once

#include "skipmax/bias/alibi.hpp"
#include "skipmax/bias/dense_bias.hpp"
#include "skipmax/bias/relative_bias.hpp"
#include "skipmax/bias/score_bias.hpp"
#include "skipmax/bias/t5_buckets.hpp"
#include "skipmax/drive/forward.hpp"
#include "skipmax/execution/executor.hpp"
#include "skipmax/execution/serial.hpp"
#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/dense_mask.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "skipmax/mask/sliding_window.hpp"
#include "skipmax/normalize/by_length.hpp"
#include "skipmax/normalize/minus_log_length.hpp"
#include "skipmax/normalize/softmax.hpp"
#include "skipmax/normalize/unnormalized.hpp"
#include "skipmax/row/gate.hpp"
#include "skipmax/row/qk_norm.hpp"
#include "skipmax/row/row_slots.hpp"
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
#include "skipmax/workspace.hpp"

namespace skipmax {
inline namespace v0 {

// The factor of <q, k>; 1 / sqrt(key dim) unless a value is given.
struct scale {
  double value = __builtin_nan("");

  SKIPMAX_INLINE bool is_default() const { return value != value; }
};

template <class Score = identity, class Normalizer = softmax, class Mask = no_mask,
          class Cap = no_cap, class Bias = no_bias, class Rows = row_slots<>>
struct attention {
  static_assert(score_function<Score>,
                "skipmax: the score slot holds no score function: give it "
                "template <class V> V value(V s) const, see skipmax/score/score_function.hpp");
  static_assert(row_normalizer<Normalizer>,
                "skipmax: the normalizer slot holds no row normalizer: use softmax, by_length, "
                "unnormalized or minus_log_length, see skipmax/normalize/row_normalizer.hpp");
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

  // The same attention with one slot replaced, found by what the argument can do: a score function, a
  // row normalizer, a mask, a cap, a score bias, row transforms of q, k or out, a gate, segments, a
  // scale or skip_zeros.
  template <class Slot>
  SKIPMAX_INLINE constexpr auto with(Slot slot) const {
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
          "skipmax: with(slot): no slot takes this type: wanted a score function (value), "
          "a row normalizer, a mask (visible), a cap (cap), a bias (bias), a gate, segments, a "
          "scale, "
          "or a row transform in on_q, on_k or on_out");
  }

  // Computes out from q, k and v.
  //
  //   q   [batch, query length, heads, key dim]
  //   k   [batch, key length, kv heads, key dim]     heads is a multiple of kv heads
  //   v   [batch, key length, kv heads, value dim]
  //   out [batch, query length, heads, value dim]    memory of its own
  //
  // All four are tensor_views of double, or each is one of float, bf16 or f16: what is computed is
  // computed in float then, and rounded where it is written. executor runs the tasks (serial{} unless
  // given); scratch, if given, is kept for the next call. Throws std::invalid_argument before
  // anything is written. The result does not depend on the executor, bit for bit.
  template <class Q, class K, class V, class Out, class Executor = serial, class Isa = native_isa>
  SKIPMAX_INLINE void forward(const Q& q, const K& k, const V& v, const Out& out,
                              Executor&& executor, workspace& scratch, Isa = {}) const {
    constexpr bool views =
        is_tensor_view<Q> && is_tensor_view<K> && is_tensor_view<V> && is_tensor_view<Out>;
    static_assert(views,
                  "skipmax: forward(q, k, v, out) takes tensor_views: wrap each argument, as in "
                  "as_blhd(q) for an Eigen tensor or blhd(pointer, batch, length, heads, dim)");
    if constexpr (views) {
      using S = stored_types<typename Q::value_type, typename K::value_type, typename V::value_type,
                             typename Out::value_type>;
      using T = computed_t<typename S::out>;
      constexpr bool same = std::is_same_v<computed_t<typename S::q>, T> &&
                            std::is_same_v<computed_t<typename S::k>, T> &&
                            std::is_same_v<computed_t<typename S::v>, T>;
      static_assert(same,
                    "skipmax: q, k, v and out differ in element type: wanted all double, or each "
                    "float, bf16 or f16");
      static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                    "skipmax: the element type is none of float, double, bf16 and f16");
      static_assert(std::is_same_v<decltype(out.data), typename S::out*>,
                    "skipmax: out is a view of const elements: wanted one that can be written");
      if constexpr (same) run<Isa, T, S>(q, k, v, out, executor, scratch);
    }
  }
  template <class Q, class K, class V, class Out, class Executor = serial>
  SKIPMAX_INLINE void forward(const Q& q, const K& k, const V& v, const Out& out,
                              Executor&& executor = {}, workspace* scratch = nullptr) const {
    workspace own;
    forward(q, k, v, out, executor, scratch ? *scratch : own);
  }

 private:
  // The slots that are plain values.
  SKIPMAX_INLINE constexpr void set(skipmax::scale value) { scale = value; }
  SKIPMAX_INLINE constexpr void set(skipmax::segments value) { segments = value; }
  SKIPMAX_INLINE constexpr void set(skip_zeros value) { zeros = value; }

  template <class S, class N, class M, class C, class B, class R>
  SKIPMAX_INLINE constexpr auto made(S s, N n, M m, C c, B b, R r) const {
    return attention<S, N, M, C, B, R>{s, n, m, c, scale, b, r, segments, zeros};
  }

  template <class Isa, class T, class S, class Executor>
  SKIPMAX_INLINE void run(tensor_view<const typename S::q> q, tensor_view<const typename S::k> k,
                          tensor_view<const typename S::v> v, tensor_view<typename S::out> out,
                          Executor& executor, workspace& scratch) const {
    static_assert(skipmax::executor<Executor>,
                  "skipmax: the executor has no concurrency() or no for_each_task(n, f), see "
                  "skipmax/execution/executor.hpp");
    const index workers = executor.concurrency();
    const auto plan = plan_forward<Isa, T>(*this, q, k, v, out, workers);
    scratch.reserve(plan.slice * static_cast<index>(sizeof(T)) * workers);
    T* slices = static_cast<T*>(scratch.data());
    executor.for_each_task(plan.tasks, [&](index task, int worker) SKIPMAX_LAMBDA {
      run_forward_task<Isa>(*this, plan, task, slices + worker * plan.slice);
    });
  }
};

using softmax_attention = attention<identity, softmax>;
using relu_attention = attention<relu, by_length<>>;
using squared_relu_attention = attention<squared_relu, by_length<>>;
using sigmoid_attention = attention<sigmoid, minus_log_length<>>;

}  // namespace v0
}  // namespace skipmax
