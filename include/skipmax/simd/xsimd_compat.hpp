// The one file that knows which xsimd version and which instruction set is below it: everything
// that changed name or meaning between xsimd 8.1 and 14, and the few operations xsimd has no word
// for.
#pragma once

#include "skipmax/simd/include_xsimd.hpp"

#include "skipmax/config.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace skipmax {
inline namespace v0 {
namespace compat {

// The unsigned integer as wide as T.
template <class T>
struct bits_of;
template <>
struct bits_of<float> {
  using type = std::uint32_t;
};
template <>
struct bits_of<double> {
  using type = std::uint64_t;
};
template <class T>
using bits_t = typename bits_of<T>::type;

// The same bits, seen as unsigned integers and back. The template argument of bitwise_cast is a
// batch up to xsimd 10 and an element type from 11 on.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<bits_t<T>, A> to_bits(xsimd::batch<T, A> v) {
#if XSIMD_VERSION_MAJOR < 11
  return xsimd::bitwise_cast<xsimd::batch<bits_t<T>, A>>(v);
#else
  return xsimd::bitwise_cast<bits_t<T>>(v);
#endif
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> from_bits(xsimd::batch<bits_t<T>, A> v) {
#if XSIMD_VERSION_MAJOR < 11
  return xsimd::bitwise_cast<xsimd::batch<T, A>>(v);
#else
  return xsimd::bitwise_cast<T>(v);
#endif
}

// a b + c with one rounding where the hardware has it. xsimd 8.1 has no fused form on AVX-512, and
// clang does not contract the product and the sum on its own.
template <class A>
SKIPMAX_INLINE xsimd::batch<float, A> fma(xsimd::batch<float, A> a, xsimd::batch<float, A> b,
                                          xsimd::batch<float, A> c) {
#if defined(__AVX512F__)
  if constexpr (sizeof a == 64) return {_mm512_fmadd_ps(a, b, c)};
#endif
  return xsimd::fma(a, b, c);
}
template <class A>
SKIPMAX_INLINE xsimd::batch<double, A> fma(xsimd::batch<double, A> a, xsimd::batch<double, A> b,
                                           xsimd::batch<double, A> c) {
#if defined(__AVX512F__)
  if constexpr (sizeof a == 64) return {_mm512_fmadd_pd(a, b, c)};
#endif
  return xsimd::fma(a, b, c);
}

// The larger of each lane; which one where either is NaN is left open. g++ 12 warns of its own
// _mm512_max_ps (an uninitialized merge operand), not of the masked form, which is the same
// instruction.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> max(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
#if defined(__AVX512F__)
  if constexpr (sizeof a == 64 && sizeof(T) == 4) return {_mm512_maskz_max_ps(0xffff, a, b)};
  if constexpr (sizeof a == 64 && sizeof(T) == 8) return {_mm512_maskz_max_pd(0xff, a, b)};
#endif
  return xsimd::max(a, b);
}

// The sum of all lanes: hadd up to xsimd 8, reduce_add from 9 on.
template <class T, class A>
SKIPMAX_INLINE T reduce_add(xsimd::batch<T, A> v) {
#if XSIMD_VERSION_MAJOR < 9
  return xsimd::hadd(v);
#else
  return xsimd::reduce_add(v);
#endif
}

// The largest lane. A NaN among the lanes may be lost.
template <class T, class A>
SKIPMAX_INLINE T reduce_max(xsimd::batch<T, A> v) {
  alignas(sizeof v) T lane[xsimd::batch<T, A>::size];
  v.store_aligned(lane);
  T largest = lane[0];
  for (T x : lane) largest = largest < x ? x : largest;
  return largest;
}

}  // namespace compat
}  // namespace v0
}  // namespace skipmax
