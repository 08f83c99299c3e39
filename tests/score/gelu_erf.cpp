#include "skipmax/score/gelu_erf.hpp"

#include "score/formula.hpp"

namespace {

using skipmax::gelu_erf;

TEST(gelu_erf, formula) {
  const auto phi = [](long double s) { return (1 + std::erf(s / std::sqrt(2.0L))) / 2; };
  const auto value = [&](long double s) { return s * phi(s); };
  const auto slope = [&](long double s) {
    return phi(s) + s * std::exp(-s * s / 2) / std::sqrt(2 * 3.14159265358979323846L);
  };
  formula::check(gelu_erf{}, value, slope, 4);
}

TEST(gelu_erf, known_values) {
  EXPECT_NEAR(gelu_erf{}.value(1.0), 0.84134474606854295, 1e-14);
  EXPECT_NEAR(gelu_erf{}.value(-1.0), -0.15865525393145705, 1e-14);
  EXPECT_NEAR(gelu_erf{}.value(3.0), 2.9959503059051097, 1e-14);
}

TEST(gelu_erf, far_out) {
  for (double s : {100.0, 1e4, 1e30}) {
    formula::value(gelu_erf{}, s, s);
    formula::value(gelu_erf{}, -s, 0);
    formula::slope(gelu_erf{}, s, 1);
    formula::slope(gelu_erf{}, -s, 0);
  }
  formula::value(gelu_erf{}, formula::inf, formula::inf);
  formula::value(gelu_erf{}, -formula::inf, 0);
  formula::slope(gelu_erf{}, formula::inf, 1);
  formula::slope(gelu_erf{}, -formula::inf, 0);
}

TEST(gelu_erf, zero_and_nan) {
  formula::value(gelu_erf{}, 0, 0);
  formula::slope(gelu_erf{}, 0, 0.5);
  formula::value(gelu_erf{}, formula::nan, formula::nan);
  formula::slope(gelu_erf{}, formula::nan, formula::nan);
}

TEST(gelu_erf, facts) {
  static_assert(skipmax::differentiable<gelu_erf>);
  static_assert(!skipmax::has_exact_zeros<gelu_erf>);
  static_assert(skipmax::maps_zero_to_zero<gelu_erf>);
}

}  // namespace
