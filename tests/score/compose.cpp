#include "skipmax/score/compose.hpp"

#include "score/formula.hpp"
#include "skipmax/score/gelu.hpp"
#include "skipmax/score/relu.hpp"
#include "skipmax/score/sigmoid.hpp"
#include "skipmax/score/silu.hpp"
#include "skipmax/score/softplus.hpp"
#include "skipmax/score/squared_relu.hpp"

namespace {

using namespace skipmax;

template <class F>
constexpr bool zeros_of(F) {
  return has_exact_zeros<F>;
}

TEST(compose, formula) {
  const auto sigma = [](long double s) { return 1 / (1 + std::exp(-s)); };
  const auto inner = [](long double s) { return std::log1p(std::exp(s)); };
  const auto value = [&](long double s) { return sigma(inner(s) - 3); };
  const auto slope = [&](long double s) { return value(s) * (1 - value(s)) * sigma(s); };
  formula::check(compose{sigmoid{-3}, softplus{}}, value, slope, 8);
}

TEST(compose, the_second_comes_first) {
  formula::value(compose{relu{}, squared_relu{}}, -3, 0);
  formula::value(compose{squared_relu{}, identity{}}, 3, 9);
  formula::value(compose{identity{}, compose{squared_relu{}, squared_relu{}}}, 3, 81);
  formula::slope(compose{squared_relu{}, squared_relu{}}, 3, 4 * 27);
}

// The inner slope overflows at 1e38 in float; the outer one is 0 long before.
TEST(compose, a_flat_outer_function_stays_flat) {
  for (double s : {1e20, 3e38}) formula::slope(compose{sigmoid{}, squared_relu{}}, s, 0);
}

TEST(compose, keeps_nan) {
  formula::value(compose{sigmoid{}, squared_relu{}}, formula::nan, formula::nan);
  formula::slope(compose{sigmoid{}, squared_relu{}}, formula::nan, formula::nan);
}

TEST(compose, both_at_once) {
  const compose f{silu{}, gelu{}};
  const auto both = evaluate_both(f, 0.75);
  EXPECT_EQ(both.value, f.value(0.75));
  EXPECT_EQ(both.derivative, f.derivative(0.75));
}

TEST(compose, claims_zeros_only_where_they_are_certain) {
  static_assert(zeros_of(compose{silu{}, relu{}}));
  static_assert(zeros_of(compose{identity{}, relu{}}));
  static_assert(zeros_of(compose{relu{}, identity{}}));
  static_assert(zeros_of(compose{silu{}, compose{gelu{}, relu{}}}));
  static_assert(!zeros_of(compose{sigmoid{}, relu{}}));   // sigmoid(0) = 1 / 2
  static_assert(!zeros_of(compose{relu{}, softplus{}}));  // softplus is never negative
  static_assert(!zeros_of(compose{silu{}, gelu{}}));
  static_assert(maps_zero_to_zero<compose<silu, gelu>>);
  static_assert(!maps_zero_to_zero<compose<silu, softplus>>);
  EXPECT_EQ((compose{silu{}, relu{}}.value(-1.0)), 0);
}

TEST(compose, forwards_the_check) {
  const auto complaint = [](auto f) {
    error_message error;
    f.check(problem{}, error);
    return std::string(error.text);
  };
  const std::string wanted = "score sigmoid: bias: found inf, wanted a finite number";
  EXPECT_EQ(complaint(compose{relu{}, silu{}}), "");
  EXPECT_EQ(complaint(compose{sigmoid{formula::inf}, relu{}}), wanted);
  EXPECT_EQ(complaint(compose{relu{}, sigmoid{formula::inf}}), wanted);
  EXPECT_EQ(complaint(compose{sigmoid{formula::inf}, sigmoid{formula::inf}}), wanted);
}

struct value_only {
  template <class V>
  V value(V s) const {
    return s * s;
  }
};

TEST(compose, needs_no_derivative) {
  using both = compose<relu, value_only>;
  static_assert(score_function<both> && !differentiable<both>);
  EXPECT_EQ((both{}.value(-3.0)), 9);
}

}  // namespace
