// compose{f, g}: h(s) = f(g(s)), h'(s) = f'(g(s)) g'(s). g is applied first.
// Backward needs s.
#pragma once

#include <type_traits>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/score/identity.hpp"
#include "skipmax/score/score_function.hpp"

namespace skipmax {
inline namespace v0 {

template <score_function F, score_function G>
struct compose {
  F f;
  G g;

  // Only if it is certain: g is 0 on an interval and f(0) = 0, or g is the identity. Zeros of f
  // prove nothing by themselves: compose{relu, softplus} never reaches those of relu.
  static constexpr bool exact_zeros = (has_exact_zeros<G> && maps_zero_to_zero<F>) ||
                                      (std::is_same_v<G, identity> && has_exact_zeros<F>);
  static constexpr bool zero_at_zero = maps_zero_to_zero<F> && maps_zero_to_zero<G>;
  static constexpr bool few_operations = requires {
    requires F::few_operations && G::few_operations;
  };

  template <class V>
  SKIPMAX_INLINE V value(V s) const {
    return f.value(g.value(s));
  }

  template <class V>
  SKIPMAX_INLINE V derivative(V s) const requires differentiable<F> && differentiable<G> {
    return value_and_derivative(s).derivative;
  }

  template <class V>
  SKIPMAX_INLINE score_and_slope<V> value_and_derivative(V s) const requires differentiable<F> &&
      differentiable<G> {
    const score_and_slope<V> inner = evaluate_both(g, s);
    const score_and_slope<V> outer = evaluate_both(f, inner.value);
    // if f is flat, so is h, however steep g is: 0, not 0 times infinity
    const V zero = math::constant<V>(0);
    return {outer.value,
            math::select(outer.derivative == zero, zero, outer.derivative * inner.derivative)};
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    check_part(f, error, p);
    check_part(g, error, p);
  }
};
template <class F, class G>
compose(F, G) -> compose<F, G>;

}  // namespace v0
}  // namespace skipmax
