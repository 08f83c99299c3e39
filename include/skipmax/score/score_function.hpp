// What a score function is: the weight of a key before normalization, h(s), from its score s alone.
//
//   struct squared_relu {
//     static constexpr bool exact_zeros = true;                    // optional: h is 0 on an interval
//     template <class V> SKIPMAX_INLINE V value(V s) const;        // h(s)
//     template <class V> SKIPMAX_INLINE V derivative(V s) const;   // h'(s)
//   };
//
// V is a SIMD register of float or double, or the plain scalar: both take the same arithmetic
// operators and the functions of skipmax/simd/math.hpp. h(NaN) must be NaN.
#pragma once

#include <concepts>

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

template <class F>
concept score_function = requires(const F f, double s) {
  { f.value(s) } -> std::same_as<double>;
};

// Only the backward pass needs it.
template <class F>
concept differentiable = score_function<F> && requires(const F f, double s) {
  { f.derivative(s) } -> std::same_as<double>;
};

// True where h is exactly zero on an interval of scores, so that value rows may be skipped.
template <class F>
inline constexpr bool has_exact_zeros = false;
template <class F>
  requires requires { F::exact_zeros; }
inline constexpr bool has_exact_zeros<F> = F::exact_zeros;

}  // namespace v0
}  // namespace skipmax
