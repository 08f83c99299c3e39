// The gate of a gated attention unit (Hua et al. 2022, arXiv 2202.10447) multiplies each row of out
// by a projection of the block's input, element by element or by one number for the head:
//
//   out(b, l, h, x) *= act(g(b, l, h, x))          g [batch, query length, heads, dim]
//   out(b, l, h, x) *= act(g(b, l, h, 0))          g [batch, query length, heads, 1]
//
// act is any score function: identity unless given, silu in the gated attention unit.
#pragma once

#include <type_traits>

#include "skipmax/row/row_transform.hpp"
#include "skipmax/score/identity.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/storage.hpp"

namespace skipmax {
inline namespace v0 {

// Some rows of g, for multiplying rows of out while they are in registers.
template <class T, class Act>
struct gate_rows {
  row_matrix<const T> g;
  Act act;

  template <class Isa, class V>
  SKIPMAX_INLINE V times_gate(index r, index x, V value) const {
    using U = typename V::value_type;
    if constexpr (std::is_same_v<computed_t<T>, U>)
      value = value * act.value(load_stored<Isa, U>(g.data + r * g.stride + x));
    return value;
  }
};

// Takes the place of T if g is no view.
struct no_view {};

template <class T, score_function Act = identity>
struct gate {
  static_assert(
      !std::is_same_v<T, no_view>,
      "skipmax: gate takes a tensor_view: wrap g, as in as_blhd(g) for an Eigen tensor or "
      "blhd(pointer, batch, length, heads, dim)");
  static constexpr bool is_gate = true;

  tensor_view<const T> g{};
  Act act{};

  template <class Isa, class U>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const U> from, row_matrix<U> to,
                              index rows, index dim) const {
    static_assert(std::is_same_v<computed_t<T>, U>,
                  "skipmax: gate: g is of another type than the tensors: wanted double beside "
                  "double, float, bf16 or f16 beside these three");
    if constexpr (std::is_same_v<computed_t<T>, U>) {
      const T* gates = g.row(first.batch, first.position, first.head);
      if (g.dim == 1)
        by_number<Isa>(gates, from, to, rows, dim);
      else
        by_element<Isa>(gates, from, to, rows, dim);
    }
  }

  // The rows of g from `first` on. Only for a g as wide as out, with a dim of whole registers.
  SKIPMAX_INLINE gate_rows<T, Act> at(row_place first) const {
    return {{g.row(first.batch, first.position, first.head), g.length_stride}, act};
  }

  SKIPMAX_INLINE void check(const problem& p, index heads, index dim, error_message& error) const {
    if (!error.empty()) return;
    const tensor_shape found{{g.batch, g.length, g.heads, g.dim}};
    if (g.batch != p.batch || g.length != p.query_length || g.heads != heads ||
        (g.dim != dim && g.dim != 1)) {
      error << "gate: g: found " << found << ", wanted "
            << tensor_shape{{p.batch, p.query_length, heads, dim}} << ", or 1 for the last";
      return;
    }
    if (!g.data && g.batch != 0 && g.length != 0 && g.heads != 0 && g.dim != 0) {
      error << "gate: g: found a null pointer, wanted " << found;
      return;
    }
    check_part(act, error, p);
  }

 private:
  template <class Isa, class U>
  SKIPMAX_INLINE void by_element(const T* gates, row_matrix<const U> from, row_matrix<U> to,
                                 index rows, index dim) const {
    using V = simd<U, Isa>;
    constexpr index W = lanes<U, Isa>;
    for (index r = 0; r < rows; ++r) {
      const T* of_row = gates + r * g.length_stride;
      const U* in = from.data + r * from.stride;
      U* out = to.data + r * to.stride;
      index x = 0;
      for (; x + 4 * W <= dim; x += 4 * W)
#pragma GCC unroll 4
        for (index i = x; i < x + 4 * W; i += W)
          (V::load_unaligned(in + i) * act.value(load_stored<Isa, U>(of_row + i)))
              .store_unaligned(out + i);
      for (; x + W <= dim; x += W)
        (V::load_unaligned(in + x) * act.value(load_stored<Isa, U>(of_row + x)))
            .store_unaligned(out + x);
      if (x == dim) continue;
      alignas(64) U edge[W] = {};
      for (index i = 0; x + i < dim; ++i) edge[i] = static_cast<U>(of_row[x + i]);
      (V::load_unaligned(in + x) * act.value(V::load_aligned(edge))).store_unaligned(out + x);
    }
  }

  // Applies act to the numbers of W rows at once.
  template <class Isa, class U>
  SKIPMAX_INLINE void by_number(const T* gates, row_matrix<const U> from, row_matrix<U> to,
                                index rows, index dim) const {
    using V = simd<U, Isa>;
    constexpr index W = lanes<U, Isa>;
    alignas(64) U number[W] = {};
    for (index r = 0; r < rows; ++r) {
      if (r % W == 0) {
        for (index i = 0; i < W && r + i < rows; ++i)
          number[i] = static_cast<U>(gates[(r + i) * g.length_stride]);
        act.value(V::load_aligned(number)).store_aligned(number);
      }
      const V factor(number[r % W]);
      for (index x = 0; x < dim; x += W)
        (V::load_unaligned(from.data + r * from.stride + x) * factor)
            .store_unaligned(to.data + r * to.stride + x);
    }
  }
};

// Not true of a derived type, which may have another forward.
template <class T, class Act>
inline constexpr bool multiplies_registers<gate<T, Act>> = has_few_operations<Act>;

template <class T, class Act = identity>
gate(tensor_view<T>, Act = {}) -> gate<std::remove_const_t<T>, Act>;
template <class X, class Act = identity>
requires(!is_tensor_view<X>) gate(const X&, Act = {})
->gate<no_view, Act>;

}  // namespace v0
}  // namespace skipmax
