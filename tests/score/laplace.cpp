#include "skipmax/score/laplace.hpp"

#include "score/formula.hpp"
#include "skipmax/score/score_function.hpp"

namespace {

using skipmax::laplace;

TEST(laplace, formula) {
  const auto z = [](long double s) { return (s - 0.707107L) / (0.282095L * std::sqrt(2.0L)); };
  const auto value = [&](long double s) { return (1 + std::erf(z(s))) / 2; };
  const auto slope = [&](long double s) {
    return std::exp(-z(s) * z(s)) / (0.282095L * std::sqrt(2 * 3.14159265358979323846L));
  };
  formula::check(laplace{}, value, slope, 6);
}

// Why Mega uses it: it meets squared relu in value and slope at s = sqrt 2.
TEST(laplace, resembles_squared_relu) {
  EXPECT_NEAR(laplace{}.value(std::sqrt(0.5)), 0.5, 1e-6);
  EXPECT_NEAR(laplace{}.derivative(std::sqrt(0.5)), std::sqrt(2.0), 1e-5);
}

TEST(laplace, far_out) {
  for (double s : {30.0, 1e30, formula::inf}) {
    formula::value(laplace{}, s, 1);
    formula::value(laplace{}, -s, 0);
    formula::slope(laplace{}, s, 0);
    formula::slope(laplace{}, -s, 0);
  }
}

TEST(laplace, nan) {
  formula::value(laplace{}, formula::nan, formula::nan);
  formula::slope(laplace{}, formula::nan, formula::nan);
}

TEST(laplace, facts) {
  static_assert(skipmax::differentiable<laplace>);
  static_assert(!skipmax::has_exact_zeros<laplace>);
  static_assert(!skipmax::maps_zero_to_zero<laplace>);
}

}  // namespace
