// Arithmetic on a SIMD register (xsimd::batch of float or double) and, under the same names, on a
// plain float or double.
#pragma once

#include <type_traits>

#include "skipmax/simd/xsimd_compat.hpp"

namespace skipmax {
inline namespace v0 {
namespace math {

template <class V>
concept scalar = std::is_floating_point_v<V>;

// The element type of a register, or the scalar itself.
template <class V>
struct element {
  using type = V;
};
template <class T, class A>
struct element<xsimd::batch<T, A>> {
  using type = T;
};
template <class V>
using element_t = typename element<V>::type;

template <class V>
inline constexpr bool is_single = sizeof(element_t<V>) == 4;

// The same number in every lane.
template <class V>
SKIPMAX_INLINE V constant(double number) {
  return V(static_cast<element_t<V>>(number));
}

// The numbers at data, data + 1, .. in the lanes of V, at any alignment; a scalar takes the first.
template <scalar T>
SKIPMAX_INLINE T load(const T* data) {
  return *data;
}
template <class V>
SKIPMAX_INLINE V load(const element_t<V>* data) requires(!scalar<V>) {
  return V::load_unaligned(data);
}

// 0, 1, 2 .. in the lanes of V; 0 for a scalar.
template <class V>
SKIPMAX_INLINE V lane_numbers() {
  using T = element_t<V>;
  constexpr int lanes = static_cast<int>(sizeof(V) / sizeof(T));
  alignas(64) T number[lanes];
  for (int i = 0; i < lanes; ++i) number[i] = static_cast<T>(i);
  return load<V>(number);
}

// if_true where the mask is set, if_false elsewhere. For scalars the mask is a bool.
template <scalar T>
SKIPMAX_INLINE T select(bool mask, T if_true, T if_false) {
  return mask ? if_true : if_false;
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> select(xsimd::batch_bool<T, A> mask, xsimd::batch<T, A> if_true,
                                         xsimd::batch<T, A> if_false) {
  return xsimd::select(mask, if_true, if_false);
}

// As std::max and std::min: if either argument is NaN, the result is the first one, so that
// max(x, bound) keeps the NaN of x.
template <scalar T>
SKIPMAX_INLINE T max(T a, T b) {
  return a < b ? b : a;
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> max(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
  return compat::max(a, b);
}
template <scalar T>
SKIPMAX_INLINE T min(T a, T b) {
  return b < a ? b : a;
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> min(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
  return compat::min(a, b);
}

template <scalar T>
SKIPMAX_INLINE T abs(T x) {
  return static_cast<T>(__builtin_fabs(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> abs(xsimd::batch<T, A> x) {
  return xsimd::abs(x);
}

template <scalar T>
SKIPMAX_INLINE T sqrt(T x) {
  return static_cast<T>(__builtin_sqrt(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> sqrt(xsimd::batch<T, A> x) {
  return compat::sqrt(x);
}

// The quotient, rounded once. operator/ gives the same except for registers of float on NEON: there
// xsimd 8.1 estimates, 2 ulp off, and if the divisor is denormal not even the sign is right.
template <scalar T>
SKIPMAX_INLINE T divide(T a, T b) {
  return a / b;
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> divide(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
  return compat::divide(a, b);
}

template <class V>
SKIPMAX_INLINE auto isnan(V x) {
  return !(x == x);
}

// a b + c, with one rounding if the hardware has a fused multiply-add.
SKIPMAX_INLINE float fma(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
SKIPMAX_INLINE double fma(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> fma(xsimd::batch<T, A> a, xsimd::batch<T, A> b,
                                      xsimd::batch<T, A> c) {
  return compat::fma(a, b, c);
}

// The magnitude of the first with the sign of the second.
template <scalar T>
SKIPMAX_INLINE T copysign(T magnitude, T sign) {
  return static_cast<T>(__builtin_copysign(magnitude, sign));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> copysign(xsimd::batch<T, A> magnitude, xsimd::batch<T, A> sign) {
  return xsimd::abs(magnitude) | (sign & xsimd::batch<T, A>(T(-0.0)));
}

// c0 + c1 x + c2 x^2 + ...
template <class V>
SKIPMAX_INLINE V horner(V, double c0) {
  return constant<V>(c0);
}
template <class V, class... C>
SKIPMAX_INLINE V horner(V x, double c0, C... higher) {
  return math::fma(math::horner(x, higher...), x, constant<V>(c0));
}

// The same as two chains of half the length, at the cost of one more operation: at a high degree
// a single chain is longer than a processor looks ahead.
template <class V>
struct even_and_odd {
  V even, odd;  // p(x) = even(x^2) + x odd(x^2)
};
template <class V>
SKIPMAX_INLINE even_and_odd<V> horner_halves(V, double c0, double c1) {
  return {constant<V>(c0), constant<V>(c1)};
}
template <class V, class... C>
SKIPMAX_INLINE even_and_odd<V> horner_halves(V square, double c0, double c1, C... higher) {
  const auto [even, odd] = math::horner_halves(square, higher...);
  return {math::fma(even, square, constant<V>(c0)), math::fma(odd, square, constant<V>(c1))};
}
template <class V, class... C>
requires(sizeof...(C) % 2 == 0) SKIPMAX_INLINE V horner_in_two(V x, C... c) {
  const auto [even, odd] = math::horner_halves(x * x, c...);
  return math::fma(odd, x, even);
}

}  // namespace math
}  // namespace v0
}  // namespace skipmax
