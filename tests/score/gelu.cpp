#include "skipmax/score/gelu.hpp"

#include "score/formula.hpp"

namespace {

using skipmax::gelu;

const long double c = std::sqrt(2 / 3.14159265358979323846L);

TEST(gelu, formula) {
  const auto tanh_u = [](long double s) { return std::tanh(c * (s + 0.044715L * s * s * s)); };
  const auto value = [&](long double s) { return s * (1 + tanh_u(s)) / 2; };
  const auto slope = [&](long double s) {
    const long double t = tanh_u(s);
    return (1 + t) / 2 + s * (1 - t * t) / 2 * c * (1 + 3 * 0.044715L * s * s);
  };
  formula::check(gelu{}, value, slope, 4);
}

// The formula in 30 digits.
TEST(gelu, known_values) {
  EXPECT_NEAR(gelu{}.value(1.0), 0.8411919906082767, 1e-14);
  EXPECT_NEAR(gelu{}.value(-1.0), -0.1588080093917233, 1e-14);
  EXPECT_NEAR(gelu{}.value(3.0), 2.9963626079182269, 1e-14);
}

// s (1 + tanh(u)) / 2 loses these: 1 + tanh(u) rounds to 0.
TEST(gelu, keeps_the_digits_of_small_values) {
  for (double s : {-6.0, -9.0}) {
    const double exact =
        static_cast<double>(s / (1 + std::exp(-2 * c * (s + 0.044715L * s * s * s))));
    EXPECT_NEAR(gelu{}.value(s) / exact, 1, 1e-12);
    const float found = gelu{}.value(static_cast<float>(s));
    EXPECT_NEAR(static_cast<double>(found) / exact, 1, 2e-5);
  }
}

TEST(gelu, far_out) {
  for (double s : {100.0, 1e4, 1e30}) {
    formula::value(gelu{}, s, s);
    formula::value(gelu{}, -s, 0);
    formula::slope(gelu{}, s, 1);
    formula::slope(gelu{}, -s, 0);
  }
  formula::value(gelu{}, formula::inf, formula::inf);
  formula::value(gelu{}, -formula::inf, 0);
  formula::slope(gelu{}, formula::inf, 1);
  formula::slope(gelu{}, -formula::inf, 0);
}

TEST(gelu, zero_and_nan) {
  formula::value(gelu{}, 0, 0);
  formula::slope(gelu{}, 0, 0.5);
  formula::value(gelu{}, formula::nan, formula::nan);
  formula::slope(gelu{}, formula::nan, formula::nan);
}

TEST(gelu, facts) {
  static_assert(skipmax::differentiable<gelu>);
  static_assert(!skipmax::has_exact_zeros<gelu>);
  static_assert(skipmax::maps_zero_to_zero<gelu>);
}

}  // namespace
