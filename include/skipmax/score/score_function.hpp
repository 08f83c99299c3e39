// The interface of a score function: h(s) is a key's weight before normalization, from its score s.
//
//   struct squared_relu {
//     template <class V> SKIPMAX_INLINE V value(V s) const;        // h(s); h(NaN) is NaN
//     template <class V> SKIPMAX_INLINE V derivative(V s) const;   // h'(s), for the backward pass
//   };
//
// V is a SIMD register of float or double, or the plain scalar: both take the same arithmetic
// operators and the functions of skipmax/simd/math.hpp. SKIPMAX_INLINE is needed: without it
// g++ -O2 leaves a call in the innermost loop. Optional members, if they hold for h:
//
//   static constexpr bool exact_zeros = true;      // h is exactly 0 on an interval of scores
//   static constexpr bool zero_at_zero = true;     // h(0) is exactly 0: compose passes zeros on
//   static constexpr bool few_operations = true;   // a few instructions, as in max(s, 0)
//   score_and_slope<V> value_and_derivative(V s) const;   // both at once, if they share work
//   void check(const problem&, error_message&) const;     // says what is wrong with its parameters
//
// Beside the struct, if h(c s) = c^n h(s) for all c > 0: a scale may then come before or after h.
//
//   template <> inline constexpr int skipmax::degree_of<squared_relu> = 2;
//
// skipmax/testing/check_score_function.hpp tests all of it.
#pragma once

#include <concepts>

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

template <class F>
concept score_function = requires(const F f, double s) {
  { f.value(s) } -> std::same_as<double>;
};

// Only the backward pass needs the derivative.
template <class F>
concept differentiable = score_function<F> && requires(const F f, double s) {
  { f.derivative(s) } -> std::same_as<double>;
};

// True if h is exactly zero on an interval of scores, so that value rows may be skipped.
template <class F>
inline constexpr bool has_exact_zeros = requires {
  requires F::exact_zeros;
};

// True if h(0) is exactly 0.
template <class F>
inline constexpr bool maps_zero_to_zero = requires {
  requires F::zero_at_zero;
};

// True if h is cheap enough to be inlined for every register of a kernel.
template <class F>
inline constexpr bool has_few_operations = requires {
  requires F::few_operations;
};

// The n above, or 0 if there is none. Not a member: a type derived from relu, with an h of its own,
// would inherit it.
template <class F>
inline constexpr int degree_of = 0;

template <class V>
struct score_and_slope {
  V value, derivative;
};

// h(s) and h'(s), by the function's own value_and_derivative if it has one.
template <class F, class V>
SKIPMAX_INLINE score_and_slope<V> evaluate_both(const F& f, V s) {
  if constexpr (requires { f.value_and_derivative(s); })
    return f.value_and_derivative(s);
  else
    return {f.value(s), f.derivative(s)};
}

}  // namespace v0
}  // namespace skipmax
