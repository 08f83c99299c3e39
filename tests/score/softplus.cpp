#include "skipmax/score/softplus.hpp"

#include "score/formula.hpp"
#include "skipmax/score/score_function.hpp"

namespace {

using skipmax::softplus;

TEST(softplus, formula) {
  const auto value = [](long double s) { return std::log1p(std::exp(s)); };
  const auto slope = [](long double s) { return 1 / (1 + std::exp(-s)); };
  formula::check(softplus{}, value, slope, 2);
}

TEST(softplus, keeps_the_digits_of_small_values) {
  EXPECT_NEAR(softplus{}.value(-40.0) / std::exp(-40.0), 1, 1e-15);
  EXPECT_NEAR(static_cast<double>(softplus{}.value(-40.0f)) / std::exp(-40.0), 1, 1e-7);
}

TEST(softplus, far_out) {
  for (double s : {1000.0, 1e30}) {
    formula::value(softplus{}, s, s);
    formula::value(softplus{}, -s, 0);
    formula::slope(softplus{}, s, 1);
    formula::slope(softplus{}, -s, 0);
  }
  formula::value(softplus{}, formula::inf, formula::inf);
  formula::value(softplus{}, -formula::inf, 0);
  formula::slope(softplus{}, formula::inf, 1);
  formula::slope(softplus{}, -formula::inf, 0);
}

TEST(softplus, nan) {
  formula::value(softplus{}, formula::nan, formula::nan);
  formula::slope(softplus{}, formula::nan, formula::nan);
}

TEST(softplus, facts) {
  static_assert(skipmax::differentiable<softplus>);
  static_assert(!skipmax::has_exact_zeros<softplus>);
  static_assert(!skipmax::maps_zero_to_zero<softplus>);
}

}  // namespace
