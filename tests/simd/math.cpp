#include "skipmax/simd/math.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "simd/ulp.hpp"

namespace {

using namespace skipmax;
using ulp::by_register;
using ulp::by_scalar;
using ulp::grid;

constexpr double inf = std::numeric_limits<double>::infinity();

template <class T>
constexpr bool single = sizeof(T) == 4;
template <class T>
constexpr double largest = static_cast<double>(std::numeric_limits<T>::max());

// The table, over the interval [lo, hi] of each test: the error of the register functions against
// the C library in long double must not pass float_ulp and double_ulp. The scalar functions go
// through the C library in double: half a unit in float, and what the C library has in double.
struct bound {
  double float_ulp, double_ulp;
};

template <class T, class F, class Exact>
void check(const char* name, F f, Exact exact, bound allowed, double lo, double hi) {
  const auto x = grid<T>(lo, hi);
  const double limit = single<T> ? allowed.float_ulp : allowed.double_ulp;
  const auto found = ulp::largest(x, by_register(f, x), exact);
  std::printf("%-18s %-6s [%11.4g, %11.4g]  %.3f ulp of %.2f, at %.17g\n", name,
              single<T> ? "float" : "double", lo, hi, found.ulp, limit, found.x);
  EXPECT_LE(found.ulp, limit) << name << " at " << found.x;
  const auto of_scalar = ulp::largest(x, by_scalar(f, x), exact);
  EXPECT_LE(of_scalar.ulp, single<T> ? 0.501 : 2.01) << "scalar " << name << " at " << of_scalar.x;
}

template <class T>
class math_of : public testing::Test {};
using formats = testing::Types<float, double>;
TYPED_TEST_SUITE(math_of, formats);

// NaN of every kind: quiet and signaling, either sign, all payload bits set.
template <class T>
std::vector<T> nans() {
  using bits = compat::bits_t<T>;
  const bits exponent =
      single<T> ? bits(0x7f800000) : bits(0x7ff0000000000000 >> (64 - 8 * sizeof(T)));
  const bits quiet = bits(1) << (compat::format<T>::mantissa - 1), sign = bits(1)
                                                                          << (8 * sizeof(T) - 1);
  std::vector<T> all;
  for (bits payload :
       {quiet, quiet | 1, bits(1), quiet - 1, (quiet << 1) - 1, quiet | (quiet >> 1)})
    for (bits s : {bits(0), sign}) {
      const bits b = exponent | payload | s;
      T x;
      std::memcpy(&x, &b, sizeof x);
      all.push_back(x);
    }
  return all;
}

template <class T, class F>
void keeps_nan(F f) {
  const auto x = nans<T>();
  for (T y : by_register(f, x)) EXPECT_TRUE(std::isnan(y));
  for (T y : by_scalar(f, x)) EXPECT_TRUE(std::isnan(y));
}

// f(x) is y to the bit, for the register and the scalar.
template <class T, class F>
void maps(F f, double x, double y) {
  const T in = static_cast<T>(x), out = static_cast<T>(y);
  const auto same = [out](T found) {
    return std::isnan(out) ? std::isnan(found)
                           : found == out && std::signbit(found) == std::signbit(out);
  };
  for (T found : by_register(f, std::vector<T>(16, in)))
    EXPECT_TRUE(same(found)) << "f(" << x << ") = " << found << ", wanted " << y;
  EXPECT_TRUE(same(f(in))) << "scalar f(" << x << ") = " << f(in) << ", wanted " << y;
}

TYPED_TEST(math_of, exp) {
  const auto f = [](auto x) { return math::exp(x); };
  const auto exact = [](long double x) { return std::exp(x); };
  check<TypeParam>("exp", f, exact, {1.2, 1.2}, single<TypeParam> ? -87 : -708,
                   single<TypeParam> ? 88.7 : 709.7);
  check<TypeParam>("exp, all", f, exact, {1.2, 1.2}, -largest<TypeParam>, largest<TypeParam>);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0.0, 1);
  maps<TypeParam>(f, -0.0, 1);
  maps<TypeParam>(f, inf, inf);
  maps<TypeParam>(f, -inf, 0);
  maps<TypeParam>(f, -1e4, 0);
  maps<TypeParam>(f, 1e4, inf);
}

TYPED_TEST(math_of, exp_nonpositive) {
  const auto f = [](auto x) { return math::exp_nonpositive(x); };
  const auto exact = [](long double x) { return std::exp(x); };
  check<TypeParam>("exp_nonpositive", f, exact, {1.2, 1.2}, -largest<TypeParam>, 0);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0.0, 1);
  maps<TypeParam>(f, -0.0, 1);
  maps<TypeParam>(f, -inf, 0);
}

TYPED_TEST(math_of, fast_exp2) {
  const auto f = [](auto x) { return math::fast_exp2(x); };
  const auto exact = [](long double x) { return std::exp2(x); };
  check<TypeParam>("fast_exp2", f, exact, {3.2, 3.6}, single<TypeParam> ? -126 : -1022, 100);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0.0, 1);
  maps<TypeParam>(f, -0.0, 1);
  maps<TypeParam>(f, -inf, 0);
  maps<TypeParam>(f, -largest<TypeParam>, 0);
  maps<TypeParam>(f, -1200, 0);
  maps<TypeParam>(f, single<TypeParam> ? 128 : 1024, inf);
}

TYPED_TEST(math_of, fast_exp2_relative_error) {
  const auto x = grid<TypeParam>(single<TypeParam> ? -126 : -1022, 100);
  const auto y = by_register([](auto v) { return math::fast_exp2(v); }, x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = std::exp2(static_cast<long double>(x[i]));
    const auto off = static_cast<double>(std::abs((y[i] - exact) / exact));
    ASSERT_FALSE(std::isnan(off));
    worst = std::max(worst, off);
  }
  EXPECT_LE(worst, single<TypeParam> ? 1.8e-7 : 4e-16);
}

// Below the smallest normal the result may be flushed, but it is never anything else.
TYPED_TEST(math_of, fast_exp2_below_the_normal_numbers) {
  const double smallest = single<TypeParam> ? -126 : -1022;
  const auto x = grid<TypeParam>(1.2 * smallest, smallest);
  const auto y = by_register([](auto v) { return math::fast_exp2(v); }, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = std::exp2(static_cast<long double>(x[i]));
    const bool flushed = y[i] == 0;
    const long double spacing = std::numeric_limits<TypeParam>::denorm_min();
    EXPECT_TRUE(flushed || std::abs(y[i] - exact) <= spacing + 3e-7L * exact) << x[i];
  }
}

TYPED_TEST(math_of, log) {
  const auto f = [](auto x) { return math::log(x); };
  const auto exact = [](long double x) { return std::log(x); };
  check<TypeParam>("log", f, exact, {1.2, 1.2}, 0, largest<TypeParam>);
  check<TypeParam>("log, around 1", f, exact, {1.2, 1.2}, 0.5, 2);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 1, 0);
  maps<TypeParam>(f, 0.0, -inf);
  maps<TypeParam>(f, -0.0, -inf);
  maps<TypeParam>(f, inf, inf);
  maps<TypeParam>(f, -inf, std::nan(""));
  maps<TypeParam>(f, -1, std::nan(""));
  maps<TypeParam>(f, -1e-40, std::nan(""));
}

TYPED_TEST(math_of, log1p) {
  const auto f = [](auto x) { return math::log1p(x); };
  const auto exact = [](long double x) { return std::log1p(x); };
  check<TypeParam>("log1p", f, exact, {1.3, 1.3}, -0.99, largest<TypeParam>);
  check<TypeParam>("log1p, [-1, 1]", f, exact, {1.3, 1.3}, -1, 1);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0.0, 0.0);
  maps<TypeParam>(f, -0.0, -0.0);
  maps<TypeParam>(f, -1, -inf);
  maps<TypeParam>(f, inf, inf);
  maps<TypeParam>(f, -1.5, std::nan(""));
  maps<TypeParam>(f, -inf, std::nan(""));
}

TYPED_TEST(math_of, log1p_of_unit) {
  const auto f = [](auto x) { return math::log1p_of_unit(x); };
  const auto exact = [](long double x) { return std::log1p(x); };
  check<TypeParam>("log1p_of_unit", f, exact, {1.3, 1.3}, 0, 1);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0, 0);
}

TYPED_TEST(math_of, tanh) {
  const auto f = [](auto x) { return math::tanh(x); };
  const auto exact = [](long double x) { return std::tanh(x); };
  check<TypeParam>("tanh", f, exact, {2.8, 2.8}, -largest<TypeParam>, largest<TypeParam>);
  check<TypeParam>("tanh, [-2, 2]", f, exact, {2.8, 2.8}, -2, 2);
  keeps_nan<TypeParam>(f);
  for (double x : {0.0, -0.0}) maps<TypeParam>(f, x, x);
  for (double x : {1.0, -1.0}) {
    maps<TypeParam>(f, inf * x, x);
    maps<TypeParam>(f, 30 * x, x);
    maps<TypeParam>(f, largest<TypeParam> * x, x);
  }
}

TYPED_TEST(math_of, erf) {
  const auto f = [](auto x) { return math::erf(x); };
  const auto exact = [](long double x) { return std::erf(x); };
  check<TypeParam>("erf", f, exact, {2, 2}, -largest<TypeParam>, largest<TypeParam>);
  check<TypeParam>("erf, [-6, 6]", f, exact, {2, 2}, -6, 6);
  keeps_nan<TypeParam>(f);
  for (double x : {0.0, -0.0}) maps<TypeParam>(f, x, x);
  for (double x : {1.0, -1.0}) {
    maps<TypeParam>(f, inf * x, x);
    maps<TypeParam>(f, 7 * x, x);
    maps<TypeParam>(f, largest<TypeParam> * x, x);
  }
}

TYPED_TEST(math_of, sigmoid) {
  const auto f = [](auto x) { return math::sigmoid(x); };
  const auto x = grid<TypeParam>(-largest<TypeParam>, largest<TypeParam>);
  const auto near = grid<TypeParam>(-30, 30);
  const auto exact = [](long double s) { return 1 / (1 + std::exp(-s)); };
  for (const auto& points : {x, near}) {
    EXPECT_LE(ulp::largest(points, by_register(f, points), exact).ulp, 2.5);
    EXPECT_LE(ulp::largest(points, by_scalar(f, points), exact).ulp, 2.5);
  }
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0, 0.5);
  maps<TypeParam>(f, inf, 1);
  maps<TypeParam>(f, -inf, 0);
  maps<TypeParam>(f, -1000, 0);
}

TYPED_TEST(math_of, sigmoid_rest) {
  const auto f = [](auto x) { return math::sigmoid_and_rest(x).rest; };
  const auto x = grid<TypeParam>(-80, 80);
  const auto exact = [](long double s) { return 1 / (1 + std::exp(s)); };
  EXPECT_LE(ulp::largest(x, by_register(f, x), exact).ulp, 2.5);
  EXPECT_LE(ulp::largest(x, by_scalar(f, x), exact).ulp, 2.5);
  keeps_nan<TypeParam>(f);
}

TYPED_TEST(math_of, sqrt) {
  const auto f = [](auto x) { return math::sqrt(x); };
  check<TypeParam>(
      "sqrt", f, [](long double x) { return std::sqrt(x); }, {0.501, 0.501}, 0, largest<TypeParam>);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, -0.0, -0.0);
  maps<TypeParam>(f, inf, inf);
  maps<TypeParam>(f, -1, std::nan(""));
}

TYPED_TEST(math_of, divide) {
  const auto f = [](auto x) { return math::divide(math::constant<decltype(x)>(3), x); };
  check<TypeParam>(
      "divide", f, [](long double x) { return 3 / x; }, {0.501, 0.501}, -largest<TypeParam>,
      largest<TypeParam>);
  keeps_nan<TypeParam>(f);
  maps<TypeParam>(f, 0.0, inf);
  maps<TypeParam>(f, -0.0, -inf);
  maps<TypeParam>(f, -std::numeric_limits<TypeParam>::denorm_min(), -inf);
  maps<TypeParam>(f, inf, 0.0);
  maps<TypeParam>(f, -inf, -0.0);
}

TYPED_TEST(math_of, abs) {
  const auto f = [](auto x) { return math::abs(x); };
  keeps_nan<TypeParam>(f);
  for (double x : {0.0, 1.5, largest<TypeParam>, inf}) {
    maps<TypeParam>(f, x, x);
    maps<TypeParam>(f, -x, x);
  }
}

TYPED_TEST(math_of, copysign) {
  const auto f = [](auto x) { return math::copysign(math::constant<decltype(x)>(2), x); };
  for (double x : {0.0, 3.0, inf}) {
    maps<TypeParam>(f, x, 2);
    maps<TypeParam>(f, -x, -2);
  }
}

TYPED_TEST(math_of, isnan) {
  const auto f = [](auto x) {
    using V = decltype(x);
    return math::select(math::isnan(x), math::constant<V>(1), math::constant<V>(0));
  };
  for (TypeParam y : by_register(f, nans<TypeParam>())) EXPECT_EQ(y, 1);
  for (TypeParam y : by_scalar(f, nans<TypeParam>())) EXPECT_EQ(y, 1);
  for (double x : {0.0, -0.0, 1.0, largest<TypeParam>, inf, -inf}) maps<TypeParam>(f, x, 0);
}

// As std::max and std::min, also in what happens to NaN and to the sign of zero.
TYPED_TEST(math_of, max_and_min_return_the_first_where_the_two_are_not_ordered) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> all = {T(0), T(-0.0), T(1), T(-3), T(inf), T(-inf), nan};
  const auto same = [](T a, T b) {
    return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
  };
  for (T other : all) {
    const auto max_of = [other](auto x) { return math::max(x, decltype(x)(other)); };
    const auto min_of = [other](auto x) { return math::min(x, decltype(x)(other)); };
    const auto tops = by_register(max_of, all), bottoms = by_register(min_of, all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(same(tops[i], std::max(all[i], other))) << all[i] << ' ' << other;
      EXPECT_TRUE(same(bottoms[i], std::min(all[i], other))) << all[i] << ' ' << other;
      EXPECT_TRUE(same(max_of(all[i]), std::max(all[i], other))) << all[i] << ' ' << other;
      EXPECT_TRUE(same(min_of(all[i]), std::min(all[i], other))) << all[i] << ' ' << other;
    }
  }
}

TYPED_TEST(math_of, select_takes_lane_by_lane) {
  const std::vector<TypeParam> x = {-2, 3, 0, -1, 5, -7, 8, 1, -4, 6, -9, 2, 11, -3, 7, -5, 4};
  const auto f = [](auto v) {
    using V = decltype(v);
    return math::select(v < math::constant<V>(0), math::constant<V>(100), v);
  };
  const auto y = by_register(f, x), z = by_scalar(f, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(y[i], x[i] < 0 ? 100 : x[i]);
    EXPECT_EQ(z[i], y[i]);
  }
}

TYPED_TEST(math_of, horner_in_two) {
  const auto f = [](auto x) { return math::horner_in_two(x, 1, -2, 0.5, 3); };
  for (double x : {0.0, 1.0, -2.0, 4.0})
    maps<TypeParam>(f, x, 1 - 2 * x + 0.5 * x * x + 3 * x * x * x);
  const auto g = [](auto x) { return math::horner_in_two(x, 5, 7); };
  maps<TypeParam>(g, 3, 26);
}

TYPED_TEST(math_of, fma_and_horner) {
  const auto f = [](auto x) { return math::fma(x, x, math::constant<decltype(x)>(-1)); };
  maps<TypeParam>(f, 3, 8);
  maps<TypeParam>(f, -1, 0);
  const auto g = [](auto x) { return math::horner(x, 1, -2, 0.5); };
  maps<TypeParam>(g, 4, 1);
  maps<TypeParam>(g, 0, 1);
#if defined(__FMA__)
  // One rounding: (1 + e)^2 - 1 keeps e^2, which two roundings lose.
  const double e = single<TypeParam> ? 0x1p-20 : 0x1p-50;
  maps<TypeParam>(f, 1 + e, 2 * e + e * e);
#endif
}

}  // namespace
