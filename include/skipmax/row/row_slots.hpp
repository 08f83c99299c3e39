// The row transforms of an attention: of q and k before their product, and of out, its own first
// and then the gate.
//
//   on_q{t}  on_k{t}  on_out{t}     one of them, for attention::with
//
// A type with q_rows() and k_rows() sets both (qk_layernorm); one with is_gate is the gate.
#pragma once

#include <type_traits>

#include "skipmax/row/row_transform.hpp"

namespace skipmax {
inline namespace v0 {

template <row_transform R>
struct on_q {
  R rows;
};
template <class R>
on_q(R) -> on_q<R>;

template <row_transform R>
struct on_k {
  R rows;
};
template <class R>
on_k(R) -> on_k<R>;

template <row_transform R>
struct on_out {
  R rows;
};
template <class R>
on_out(R) -> on_out<R>;

template <class S>
concept qk_transform = requires(const S s) {
  { s.q_rows() } -> row_transform;
  { s.k_rows() } -> row_transform;
};

template <class S>
concept output_gate = row_transform<S> && requires {
  requires S::is_gate;
};

template <class Q = no_transform, class K = no_transform, class Out = no_transform,
          class Gate = no_transform>
struct row_slots {
  Q q{};
  K k{};
  Out out{};
  Gate gate{};

  static constexpr bool changes_q = !std::is_same_v<Q, no_transform>;
  static constexpr bool changes_k = !std::is_same_v<K, no_transform>;
  static constexpr bool transforms_out = !std::is_same_v<Out, no_transform>;
  static constexpr bool gates = !std::is_same_v<Gate, no_transform>;
  static constexpr bool changes_out = transforms_out || gates;

  template <class R>
  SKIPMAX_INLINE constexpr auto with(on_q<R> slot) const {
    return row_slots<R, K, Out, Gate>{slot.rows, k, out, gate};
  }
  template <class R>
  SKIPMAX_INLINE constexpr auto with(on_k<R> slot) const {
    return row_slots<Q, R, Out, Gate>{q, slot.rows, out, gate};
  }
  template <class R>
  SKIPMAX_INLINE constexpr auto with(on_out<R> slot) const {
    return row_slots<Q, K, R, Gate>{q, k, slot.rows, gate};
  }
  template <qk_transform S>
  SKIPMAX_INLINE constexpr auto with(S slot) const {
    return with(on_q{slot.q_rows()}).with(on_k{slot.k_rows()});
  }
  template <output_gate G>
  SKIPMAX_INLINE constexpr auto with(G slot) const {
    return row_slots<Q, K, Out, G>{q, k, out, slot};
  }
};

// A gate that reads a tensor view g, whose rows can be prefetched.
template <class Rows>
inline constexpr bool has_gate_view = requires(Rows rows) {
  requires is_tensor_view<std::remove_cvref_t<decltype(rows.gate.g)>>;
};

// Only a gate that can multiply registers changes out: it does so if g is as wide as out.
template <class Rows>
inline constexpr bool gates_registers =
    !Rows::transforms_out && multiplies_registers<decltype(Rows::gate)>;

}  // namespace v0
}  // namespace skipmax
