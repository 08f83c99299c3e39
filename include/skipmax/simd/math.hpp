// Elementary functions for a SIMD register (xsimd::batch of float or double) and, under the same
// names, for a plain float or double. Score functions are written in these.
//
// The register versions are our own: branch free, within 2.8 ulp (fast_exp2 within 3.6), with exact
// edges: NaN of any payload, infinity, zero, denormals. The table is in tests/simd/math.cpp. The
// polynomials are minimax: Remez exchange in 140-bit arithmetic on the intervals stated, then the
// coefficients rounded to the format; the error beside each is relative to the function. Scalars go
// through the C library in double.
#pragma once

#include <numbers>

#include "skipmax/simd/arithmetic.hpp"

namespace skipmax {
inline namespace v0 {
namespace math {

// 2^x for x up to 128 (1024 in double), where it becomes infinity. Softmax spends its time here.
// Relative error 1.8e-7 in float and 4e-16 in double; 2^0 is exactly 1, 2^-inf exactly 0, NaN stays
// NaN. Cost: 5 multiply-adds (10 in double), plus reduce and scalef on AVX-512, or elsewhere max,
// min, floor, subtract, add, shift and multiply; there, what would be denormal may be 0.
//
// The polynomial is 1 + r (...) on [0, 1], not on [-1/2, 1/2]: at degree 5 it is five times as
// accurate if the point where it is held to 1 is an end of its interval, not the middle.
template <scalar T>
SKIPMAX_INLINE T fast_exp2(T x) {
  return static_cast<T>(__builtin_exp2(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> fast_exp2(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  const auto two_to = [](V r) SKIPMAX_LAMBDA {
    if constexpr (is_single<V>)  // the rounded coefficients refined by search: 8.3e-8
      return math::horner(r, 1, 0.693151295, 0.240164503, 0.0557996929, 0.00901738275,
                          0.00186695263);
    else  // 2.3e-16
      return math::horner(r, 1, 0.69314718055990898, 0.24022650696094749, 0.055504108632573025,
                          0.0096181293845609417, 0.0013333544565785668, 0.00015403939844738212,
                          1.5244894153239147e-5, 1.3310815858918084e-6, 9.4695754981735178e-8,
                          9.9354890489246277e-9);
  };
  return compat::exp2_with(two_to, x);
}

namespace detail {

// log 2 in two parts, the first with few enough bits that its product with any exponent is exact.
template <class V>
inline constexpr double log2_high = is_single<V> ? 0.693145751953125 : 6.93147180369123816490e-01;
template <class V>
inline constexpr double log2_low =
    is_single<V> ? 1.42860682030941723212e-6 : 1.90821492927058770002e-10;

template <class V>
struct reduced {
  V n, expm1;
};

// x = n log 2 + r with integer n and |r| <= log(2) / 2; expm1 = exp(r) - 1 = r + r^2 q(r).
template <class V>
SKIPMAX_INLINE reduced<V> reduce_exp(V x) {
  const V shift = constant<V>(compat::format<element_t<V>>::integer_shift);
  const V n = math::fma(x, constant<V>(std::numbers::log2e), shift) - shift;
  const V r = math::fma(-n, constant<V>(log2_low<V>), math::fma(-n, constant<V>(log2_high<V>), x));
  if constexpr (is_single<V>) {  // relative to exp(r) - 1: 1.6e-8
    const V q = math::horner(r, 0.5, 0.166665435, 0.0416662805, 0.00836658385, 0.00139464496);
    return {n, math::fma(r * r, q, r)};
  } else {  // 1.9e-17
    const V q = math::horner_in_two(
        r, 0.50000000000000056, 0.16666666666666685, 0.041666666666573621, 0.0083333333333145514,
        0.0013888888932380061, 0.00019841269903105333, 2.4801504444156092e-5, 2.7557227895643439e-6,
        2.7626327282214561e-7, 2.5114489407580379e-8);
    return {n, math::fma(r * r, q, r)};
  }
}

// log(u) + correction for positive finite u and a correction far below u.
// u = 2^n (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), s = f / (2 + f), z = s^2 <= 0.0295, and
// log(1 + f) = 2 atanh(s) = f - (f^2 / 2 - s (f^2 / 2 + z p(z))), summed from the smallest part up.
template <class V>
SKIPMAX_INLINE V log_positive(V u, V correction) {
  const V one = constant<V>(1), half = constant<V>(0.5);
  const auto [mantissa, exponent] = compat::split(u);
  const auto upper = mantissa >= constant<V>(std::numbers::sqrt2);
  const V n = math::select(upper, exponent + one, exponent);
  const V f = math::select(upper, half * mantissa, mantissa) - one;
  const V s = math::divide(f, constant<V>(2) + f);
  const V z = s * s, half_square = half * f * f;
  V p;
  if constexpr (is_single<V>)  // 8.8e-10
    p = math::horner(z, 0.666667759, 0.399775356, 0.298718631);
  else  // 1.9e-18
    p = math::horner(z, 0.6666666666666734, 0.39999999999414315, 0.28571428742476884,
                     0.22222198563289197, 0.18183564875961289, 0.15314035622494138,
                     0.14796107337911243);
  const V small =
      math::fma(n, constant<V>(log2_low<V>), correction) + s * math::fma(z, p, half_square);
  return math::fma(n, constant<V>(log2_high<V>), f - (half_square - small));
}

}  // namespace detail

// exp(x) for x <= 0.
template <scalar T>
SKIPMAX_INLINE T exp_nonpositive(T x) {
  return static_cast<T>(__builtin_exp(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> exp_nonpositive(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  // from the bound down results round to 0, so that of -inf is 0 too; the order keeps NaN
  const auto [n, expm1] = detail::reduce_exp(math::max(x, constant<V>(is_single<V> ? -104 : -746)));
  return compat::scale_by_pow2(constant<V>(1) + expm1, n);
}

template <scalar T>
SKIPMAX_INLINE T exp(T x) {
  return static_cast<T>(__builtin_exp(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> exp(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  return math::exp_nonpositive(math::min(x, constant<V>(is_single<V> ? 89 : 710)));
}

template <scalar T>
SKIPMAX_INLINE T log(T x) {
  return static_cast<T>(__builtin_log(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> log(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  const V zero = constant<V>(0), infinity = constant<V>(__builtin_inf());
  const V at_most_zero = math::select(x == zero, -infinity, constant<V>(__builtin_nan("")));
  const V positive = detail::log_positive(x, zero);
  return math::select(x == infinity, x, math::select(x > zero, positive, at_most_zero));
}

// log(1 + x), just as accurate for small x.
template <scalar T>
SKIPMAX_INLINE T log1p(T x) {
  return static_cast<T>(__builtin_log1p(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> log1p(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  const V zero = constant<V>(0), one = constant<V>(1), infinity = constant<V>(__builtin_inf());
  const V u = one + x;
  const V x_in_u = u - one;
  const V lost = (one - (u - x_in_u)) + (x - x_in_u);  // 1 + x - u, exactly
  const V at_most_zero = math::select(u == zero, -infinity, constant<V>(__builtin_nan("")));
  const V positive = detail::log_positive(u, math::divide(lost, u));
  const V result = math::select(u > zero, positive, at_most_zero);
  return math::select((x == infinity) | (u == one), x, result);  // if 1 + x rounds to 1: x, even -0
}

// log(1 + x) for x in [0, 1]: 2 atanh(t) = x - t (x - z p(z)) with t = x / (2 + x), z = t^2 <= 1/9.
// It takes one division. log1p takes two, and splits its argument into mantissa and exponent.
template <scalar T>
SKIPMAX_INLINE T log1p_of_unit(T x) {
  return static_cast<T>(__builtin_log1p(x));
}
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> log1p_of_unit(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  const V t = math::divide(x, constant<V>(2) + x), z = t * t;
  V p;
  if constexpr (is_single<V>)  // 5.0e-9
    p = math::horner(z, 0.666664124, 0.400216997, 0.279991269, 0.280245364);
  else  // 3.4e-18
    p = math::horner_in_two(z, 0.66666666666666308, 0.4000000000015726, 0.2857142854785133,
                            0.22222223969896199, 0.18181743918980406, 0.15386560051652717,
                            0.13300971877403783, 0.12106099918991202, 0.083400411561920143,
                            0.17018688412756269);
  return x - t * math::fma(-z, p, x);
}

template <scalar T>
SKIPMAX_INLINE T tanh(T x) {
  return static_cast<T>(__builtin_tanh(x));
}
// e / (e + 2) with e = exp(2 |x|) - 1. From the bound of |x| on, this is 1 to the last bit.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> tanh(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  const V magnitude = math::min(math::abs(x), constant<V>(is_single<V> ? 10 : 20));
  const auto [n, expm1] = detail::reduce_exp(magnitude + magnitude);
  const V power = compat::pow2(n);
  const V e = math::fma(power, expm1, power - constant<V>(1));
  return math::copysign(math::divide(e, e + constant<V>(2)), x);
}

template <scalar T>
SKIPMAX_INLINE T erf(T x) {
  return static_cast<T>(__builtin_erf(x));
}
// x + x p(x^2) on [-1, 1]; beyond, 1 - 2^q(|x|) with q(x) = log2(1 - erf(x)), and the sign of x.
// From the bound of |x| on, 1 - 2^q is 1 to the last bit.
template <class T, class A>
SKIPMAX_INLINE xsimd::batch<T, A> erf(xsimd::batch<T, A> x) {
  using V = xsimd::batch<T, A>;
  const V one = constant<V>(1), square = x * x;
  const V magnitude = math::min(math::abs(x), constant<V>(is_single<V> ? 4 : 6));
  V p, q;
  if constexpr (is_single<V>) {  // 5.2e-8, 4.6e-9
    p = math::horner(square, 0.128379121, -0.37612325, 0.11280179, -0.0267112702, 0.00491749914,
                     -0.000563119189);
    q = math::horner(magnitude, -0.000492768304, -1.6260457, -0.920648813, -0.148751229,
                     0.0315054804, -0.00425252412, 0.000268883276);
  } else {  // 2.2e-17, 8.3e-18
    p = math::horner_in_two(square, 0.12837916709551256, -0.37612638903183521, 0.11283791670944175,
                            -0.026866170643109762, 0.0052239776061039963, -0.00085483259286003963,
                            0.00012055293555018698, -1.4924711872609191e-5, 1.644712617126501e-6,
                            -1.6206271679721467e-7, 1.3710795451359084e-8, -7.7791180664577368e-10);
    q = math::horner_in_two(magnitude, -7.2556832212256001e-7, -1.6278997020524781,
                            -0.91848261019639843, -0.14816972813681173, 0.027397007745764267,
                            0.00059245291407253472, -0.0027641680595702164, 0.0011118422642639957,
                            -0.00019486250841359838, -2.9225008150801484e-5, 3.2920321460569931e-5,
                            -1.2502280313125727e-5, 3.0806864548096222e-6, -5.3847878875192612e-7,
                            6.6962636141503304e-8, -5.6748596899160656e-9, 2.9496348684291151e-10,
                            -7.1088368069454131e-12);
  }
  const V outside = math::copysign(one - math::fast_exp2(q), x);
  return math::select(magnitude <= one, math::fma(x, p, x), outside);
}

// value = 1 / (1 + exp(-x)), with no overflow on the way; rest = 1 - value, with no cancellation.
template <class V>
struct sigmoid_parts {
  V value, rest;
};
template <class V>
SKIPMAX_INLINE sigmoid_parts<V> sigmoid_and_rest(V x) {
  const V one = constant<V>(1);
  const V e = math::exp_nonpositive(-math::abs(x));
  const V large = math::divide(one, one + e), small = e * large;
  const auto negative = x < constant<V>(0);
  return {math::select(negative, small, large), math::select(negative, large, small)};
}
template <class V>
SKIPMAX_INLINE V sigmoid(V x) {
  return math::sigmoid_and_rest(x).value;
}

}  // namespace math
}  // namespace v0
}  // namespace skipmax
