// The one file that knows xsimd's version: it has everything whose name or meaning changed between
// xsimd 8.1 and 14, and the few operations that xsimd lacks.
//
// On AVX-512 the masked forms are used with a full mask. They are the same instructions, but g++ 12
// warns about the plain ones, whose header leaves the merge operand uninitialized.
//
// On NEON xsimd 8.1 divides floats and takes their roots by an estimate and two Newton steps: up to
// 2 ulp off, with NaN for the root of infinity. Its floor is five operations. ARMv8 has an
// instruction for each.
#pragma once

#include "skipmax/simd/include_xsimd.hpp"

#include "skipmax/config.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace skipmax {
inline namespace v0 {
namespace compat {

// The unsigned integer as wide as T, T's mantissa bits, exponent bias and ends of normal numbers.
// integer_shift is 1.5 * 2^mantissa: the low bits of integer_shift + x are x rounded to the nearest
// integer.
template <class T>
struct format;
template <>
struct format<float> {
  using bits = std::uint32_t;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr double integer_shift = 12582912.0;
  static constexpr double smallest_normal = __FLT_MIN__, largest = __FLT_MAX__;
};
template <>
struct format<double> {
  using bits = std::uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double integer_shift = 6755399441055744.0;
  static constexpr double smallest_normal = __DBL_MIN__, largest = __DBL_MAX__;
};
template <class T>
using bits_t = typename format<T>::bits;

// The bits of a register as unsigned integers, and back. lane_bits is a vector of the compiler's,
// with the language's operators: xsimd's cast and shifts changed from version to version, and on
// NEON they are tables of function pointers.
template <class T, class A>
struct lane_bits {
  using type __attribute__((vector_size(sizeof(xsimd::batch<T, A>)))) = bits_t<T>;
};
template <class T, class A>
using lane_bits_t = typename lane_bits<T, A>::type;

template <class T, class A>
SKIPMAX_INLINE lane_bits_t<T, A> to_bits(xsimd::batch<T, A> v) {
  return __builtin_bit_cast(lane_bits_t<T, A>, v.data);
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> from_bits(lane_bits_t<T, A> bits) {
  return {__builtin_bit_cast(typename xsimd::batch<T, A>::register_type, bits)};
}

// a b + c, with one rounding if the hardware has it. xsimd 8.1 has no fused form on AVX-512, and
// clang does not contract the product and the sum by itself.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> fma(xsimd::batch<T, A> a, xsimd::batch<T, A> b,
                                      xsimd::batch<T, A> c) {
#if defined(__AVX512F__)
  if constexpr (sizeof a == 64 && sizeof(T) == 4) return {_mm512_fmadd_ps(a, b, c)};
  if constexpr (sizeof a == 64 && sizeof(T) == 8) return {_mm512_fmadd_pd(a, b, c)};
#endif
  return xsimd::fma(a, b, c);
}

#if defined(__aarch64__)
// The same with the number a in all lanes. In the inner loop 28 of 32 registers hold sums: unless
// these instructions stay in order, both compilers load many numbers ahead and spill sums for them.
template <class A>
SKIPMAX_INLINE xsimd::batch<float, A> fma(float a, xsimd::batch<float, A> b,
                                          xsimd::batch<float, A> c) {
  asm volatile("fmla %0.4s, %1.4s, %2.s[0]" : "+w"(c.data) : "w"(b.data), "w"(a));
  return c;
}
template <class A>
SKIPMAX_INLINE xsimd::batch<double, A> fma(double a, xsimd::batch<double, A> b,
                                           xsimd::batch<double, A> c) {
  asm volatile("fmla %0.2d, %1.2d, %2.d[0]" : "+w"(c.data) : "w"(b.data), "w"(a));
  return c;
}
#endif

// As std::max: b if a < b, else a, which also makes it a if either is NaN. On x86 that is one
// instruction with its operands in this order; there xsimd::max differs by version.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> max(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
#if defined(__AVX512F__)
  if constexpr (sizeof a == 64 && sizeof(T) == 4) return {_mm512_maskz_max_ps(0xffff, b, a)};
  if constexpr (sizeof a == 64 && sizeof(T) == 8) return {_mm512_maskz_max_pd(0xff, b, a)};
#endif
#if defined(__AVX__)
  if constexpr (sizeof a == 32 && sizeof(T) == 4) return {_mm256_max_ps(b, a)};
  if constexpr (sizeof a == 32 && sizeof(T) == 8) return {_mm256_max_pd(b, a)};
#endif
#if defined(__SSE2__)
  if constexpr (sizeof a == 16 && sizeof(T) == 4) return {_mm_max_ps(b, a)};
  if constexpr (sizeof a == 16 && sizeof(T) == 8) return {_mm_max_pd(b, a)};
#endif
  return xsimd::select(a < b, b, a);
}

// As std::min: b if b < a, else a, which also makes it a if either is NaN.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> min(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
#if defined(__AVX512F__)
  if constexpr (sizeof a == 64 && sizeof(T) == 4) return {_mm512_maskz_min_ps(0xffff, b, a)};
  if constexpr (sizeof a == 64 && sizeof(T) == 8) return {_mm512_maskz_min_pd(0xff, b, a)};
#endif
#if defined(__AVX__)
  if constexpr (sizeof a == 32 && sizeof(T) == 4) return {_mm256_min_ps(b, a)};
  if constexpr (sizeof a == 32 && sizeof(T) == 8) return {_mm256_min_pd(b, a)};
#endif
#if defined(__SSE2__)
  if constexpr (sizeof a == 16 && sizeof(T) == 4) return {_mm_min_ps(b, a)};
  if constexpr (sizeof a == 16 && sizeof(T) == 8) return {_mm_min_pd(b, a)};
#endif
  return xsimd::select(b < a, b, a);
}

template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> sqrt(xsimd::batch<T, A> v) {
#if defined(__AVX512F__)
  if constexpr (sizeof v == 64 && sizeof(T) == 4) return {_mm512_maskz_sqrt_ps(0xffff, v)};
  if constexpr (sizeof v == 64 && sizeof(T) == 8) return {_mm512_maskz_sqrt_pd(0xff, v)};
#elif defined(__aarch64__)
  if constexpr (sizeof v == 16 && sizeof(T) == 4) return {vsqrtq_f32(v)};
#endif
  return xsimd::sqrt(v);
}

template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> divide(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
#if defined(__aarch64__)
  if constexpr (sizeof a == 16 && sizeof(T) == 4) return {vdivq_f32(a, b)};
#endif
  return a / b;
}

template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> floor(xsimd::batch<T, A> v) {
#if defined(__aarch64__)
  if constexpr (sizeof v == 16 && sizeof(T) == 4) return {vrndmq_f32(v)};
  if constexpr (sizeof v == 16 && sizeof(T) == 8) return {vrndmq_f64(v)};
#endif
  return xsimd::floor(v);
}

// 2^n for integers n from -bias, which gives 0, to bias + 1, which gives infinity.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> pow2(xsimd::batch<T, A> n) {
  using V = xsimd::batch<T, A>;
  using f = format<T>;
  return from_bits<T, A>(to_bits(n + V(static_cast<T>(f::integer_shift + f::bias))) << f::mantissa);
}

// v 2^n for v in [1/2, 2] and integers n, |n| <= 2 (bias - 2), with one rounding, denormal results
// and infinity included.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> scale_by_pow2(xsimd::batch<T, A> v, xsimd::batch<T, A> n) {
  using V = xsimd::batch<T, A>;
#if defined(__AVX512F__)
  if constexpr (sizeof v == 64 && sizeof(T) == 4) return {_mm512_maskz_scalef_ps(0xffff, v, n)};
  if constexpr (sizeof v == 64 && sizeof(T) == 8) return {_mm512_maskz_scalef_pd(0xff, v, n)};
#endif
  const V shift(static_cast<T>(format<T>::integer_shift));
  const V half = compat::fma(n, V(T(0.5)), shift) - shift;
  return v * pow2(half) * pow2(n - half);  // the first product is exact
}

// 2^x, from two_to(r) = 2^r for r in [0, 1]; 0 for -infinity, NaN for NaN. Beside the polynomial
// AVX-512 takes two operations, which keep denormal results; others take seven, and results below
// the smallest normal number are 0 or denormal.
template <class T, class A, class Polynomial>
SKIPMAX_INLINE xsimd::batch<T, A> exp2_with(Polynomial two_to, xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
#if defined(__AVX512DQ__)
  // reduce gives x - floor(x) and 0 for infinity; scalef(p, x) is p 2^floor(x).
  constexpr int down = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  if constexpr (sizeof x == 64 && sizeof(T) == 4) {
    const V p = two_to(V(_mm512_maskz_reduce_ps(0xffff, static_cast<__m512>(x), down)));
    return {_mm512_maskz_scalef_ps(0xffff, p, x)};
  } else if constexpr (sizeof x == 64) {
    const V p = two_to(V(_mm512_maskz_reduce_pd(0xff, static_cast<__m512d>(x), down)));
    return {_mm512_maskz_scalef_pd(0xff, p, x)};
  } else
#endif
  {
    // pow2 is 0 at the lower end and infinity at the upper; the order of arguments keeps NaN
    const V bias(static_cast<T>(format<T>::bias));
    x = compat::min(compat::max(x, V(T(0)) - bias), bias + V(T(1)));
    const V n = compat::floor(x);
    return two_to(x - n) * pow2(n);
  }
}

// mantissa 2^exponent = v with mantissa in [1, 2), for positive finite v, denormals included.
template <class V>
struct mantissa_and_exponent {
  V mantissa, exponent;
};
template <class T, class A>
SKIPMAX_INLINE mantissa_and_exponent<xsimd::batch<T, A>> split(xsimd::batch<T, A> v) {
  using V = xsimd::batch<T, A>;
  using f = format<T>;
#if defined(__AVX512F__)
  if constexpr (sizeof v == 64 && sizeof(T) == 4)
    return {_mm512_maskz_getmant_ps(0xffff, static_cast<__m512>(v), _MM_MANT_NORM_1_2,
                                    _MM_MANT_SIGN_src),
            _mm512_maskz_getexp_ps(0xffff, v)};
  else if constexpr (sizeof v == 64)
    return {_mm512_maskz_getmant_pd(0xff, static_cast<__m512d>(v), _MM_MANT_NORM_1_2,
                                    _MM_MANT_SIGN_src),
            _mm512_maskz_getexp_pd(0xff, v)};
  else
#endif
  {
    constexpr bits_t<T> one = bits_t<T>(f::bias) << f::mantissa;                  // the bits of 1
    constexpr bits_t<T> shift = bits_t<T>(f::bias + f::mantissa) << f::mantissa;  // 2^mantissa
    const V lift(static_cast<T>(bits_t<T>(1) << f::mantissa));
    const auto denormal = v < V(static_cast<T>(f::smallest_normal));
    const lane_bits_t<T, A> bits = to_bits(xsimd::select(denormal, v * lift, v));
    const lane_bits_t<T, A> low = bits & ((bits_t<T>(1) << f::mantissa) - 1);
    // With the biased exponent in its low bits, the number 2^mantissa grows by the biased exponent.
    const V biased = from_bits<T, A>((bits >> f::mantissa) | shift) - lift;
    const V lifted = xsimd::select(denormal, V(T(f::bias + f::mantissa)), V(T(f::bias)));
    return {from_bits<T, A>(low | one), biased - lifted};
  }
}

// One bit for each lane, set unless the lane is zero, of either sign.
template <class T, class A>
SKIPMAX_INLINE unsigned nonzero_lanes(xsimd::batch<T, A> v) {
  using V = xsimd::batch<T, A>;
#if defined(__AVX512F__)
  if constexpr (sizeof v == 64 && sizeof(T) == 4)
    return _mm512_cmp_ps_mask(v, V(T(0)), _CMP_NEQ_UQ);
  if constexpr (sizeof v == 64 && sizeof(T) == 8)
    return _mm512_cmp_pd_mask(v, V(T(0)), _CMP_NEQ_UQ);
#endif
#if defined(__AVX__)
  if constexpr (sizeof v == 32 && sizeof(T) == 4)
    return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(v, V(T(0)), _CMP_NEQ_UQ)));
  if constexpr (sizeof v == 32 && sizeof(T) == 8)
    return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(v, V(T(0)), _CMP_NEQ_UQ)));
#endif
#if defined(__SSE2__)
  if constexpr (sizeof v == 16 && sizeof(T) == 4)
    return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpneq_ps(v, V(T(0)))));
  if constexpr (sizeof v == 16 && sizeof(T) == 8)
    return static_cast<unsigned>(_mm_movemask_pd(_mm_cmpneq_pd(v, V(T(0)))));
#elif defined(__aarch64__)
  if constexpr (sizeof v == 16 && sizeof(T) == 4)
    return vaddvq_u32(vbicq_u32(uint32x4_t{1, 2, 4, 8}, vceqzq_f32(v)));
  if constexpr (sizeof v == 16 && sizeof(T) == 8)
    return static_cast<unsigned>(vaddvq_u64(vbicq_u64(uint64x2_t{1, 2}, vceqzq_f64(v))));
#endif
  alignas(64) T lane[V::size];
  v.store_aligned(lane);
  unsigned flags = 0;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < V::size; ++i) flags |= unsigned{!(lane[i] == T(0))} << i;
  return flags;
}

}  // namespace compat
}  // namespace v0
}  // namespace skipmax
