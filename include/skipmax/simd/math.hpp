// Elementary functions for a SIMD register (xsimd::batch of float or double) and, under the same
// names, for a plain float or double: what score functions are written in.
#pragma once

#include <type_traits>

#include "skipmax/simd/xsimd_compat.hpp"

namespace skipmax {
inline namespace v0 {
namespace math {

template <class V>
inline constexpr bool is_scalar = std::is_floating_point_v<V>;

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

// A number in every lane.
template <class V>
SKIPMAX_INLINE V constant(double number) {
  return V(static_cast<element_t<V>>(number));
}

// if_true where the mask is set, if_false elsewhere. The mask of scalars is bool.
template <class T>
requires is_scalar<T> SKIPMAX_INLINE T select(bool mask, T if_true, T if_false) {
  return mask ? if_true : if_false;
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> select(xsimd::batch_bool<T, A> mask, xsimd::batch<T, A> if_true,
                                         xsimd::batch<T, A> if_false) {
  return xsimd::select(mask, if_true, if_false);
}

// As std::max and std::min: where either is NaN the result is the first argument, so that
// max(x, bound) keeps the NaN of x.
template <class V>
SKIPMAX_INLINE V max(V a, V b) {
  return math::select(a < b, b, a);
}
template <class V>
SKIPMAX_INLINE V min(V a, V b) {
  return math::select(b < a, b, a);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T abs(T x) {
  return static_cast<T>(__builtin_fabs(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> abs(xsimd::batch<T, A> x) {
  return xsimd::abs(x);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T sqrt(T x) {
  return static_cast<T>(__builtin_sqrt(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> sqrt(xsimd::batch<T, A> x) {
  return xsimd::sqrt(x);
}

template <class V>
SKIPMAX_INLINE auto isnan(V x) {
  return !(x == x);
}

// a b + c, with one rounding where the hardware has it.
template <class T>
requires is_scalar<T> SKIPMAX_INLINE T fma(T a, T b, T c) {
  return a * b + c;
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> fma(xsimd::batch<T, A> a, xsimd::batch<T, A> b,
                                      xsimd::batch<T, A> c) {
  return compat::fma(a, b, c);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T exp(T x) {
  return static_cast<T>(__builtin_exp(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> exp(xsimd::batch<T, A> x) {
  return xsimd::exp(x);
}

// 2^x for x <= 100.
template <class T>
requires is_scalar<T> SKIPMAX_INLINE T exp2_nonpositive(T x) {
  return static_cast<T>(__builtin_exp2(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> exp2_nonpositive(xsimd::batch<T, A> x) {
  return xsimd::exp2(x);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T log(T x) {
  return static_cast<T>(__builtin_log(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> log(xsimd::batch<T, A> x) {
  return xsimd::log(x);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T log1p(T x) {
  return static_cast<T>(__builtin_log1p(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> log1p(xsimd::batch<T, A> x) {
  return xsimd::log1p(x);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T tanh(T x) {
  return static_cast<T>(__builtin_tanh(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> tanh(xsimd::batch<T, A> x) {
  return xsimd::tanh(x);
}

template <class T>
requires is_scalar<T> SKIPMAX_INLINE T erf(T x) {
  return static_cast<T>(__builtin_erf(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> erf(xsimd::batch<T, A> x) {
  return xsimd::erf(x);
}

// 1 / (1 + exp(-x)), without overflow inside.
template <class V>
SKIPMAX_INLINE V sigmoid(V x) {
  const V one = constant<V>(1);
  const V e = math::exp(-math::abs(x));
  return math::select(x < constant<V>(0), e, one) / (one + e);
}

}  // namespace math
}  // namespace v0
}  // namespace skipmax
