#include "skipmax/score/sigmoid.hpp"

#include "score/formula.hpp"

namespace {

using skipmax::sigmoid;

TEST(sigmoid, formula) {
  for (double bias : {0.0, -2.5, 4.0}) {
    const auto value = [bias](long double s) { return 1 / (1 + std::exp(-(s + bias))); };
    const auto slope = [=](long double s) { return value(s) * (1 - value(s)); };
    formula::check(sigmoid{bias}, value, slope, 4);
  }
}

TEST(sigmoid, far_out) {
  for (double s : {1000.0, 1e30, formula::inf}) {
    formula::value(sigmoid{}, s, 1);
    formula::value(sigmoid{}, -s, 0);
    formula::slope(sigmoid{}, s, 0);
    formula::slope(sigmoid{}, -s, 0);
  }
}

TEST(sigmoid, zero_and_nan) {
  formula::value(sigmoid{}, 0, 0.5);
  formula::slope(sigmoid{}, 0, 0.25);
  formula::value(sigmoid{}, formula::nan, formula::nan);
  formula::slope(sigmoid{}, formula::nan, formula::nan);
}

TEST(sigmoid, the_bias_is_checked) {
  const auto complaint = [](double bias) {
    skipmax::error_message error;
    sigmoid{bias}.check(skipmax::problem{}, error);
    return std::string(error.text);
  };
  EXPECT_EQ(complaint(0), "");
  EXPECT_EQ(complaint(-6.25), "");
  EXPECT_EQ(complaint(formula::inf), "score sigmoid: bias: found inf, wanted a finite number");
  EXPECT_EQ(complaint(-formula::inf), "score sigmoid: bias: found -inf, wanted a finite number");
  EXPECT_EQ(complaint(formula::nan), "score sigmoid: bias: found nan, wanted a finite number");
}

TEST(sigmoid, facts) {
  static_assert(skipmax::differentiable<sigmoid>);
  static_assert(!skipmax::has_exact_zeros<sigmoid>);
  static_assert(!skipmax::maps_zero_to_zero<sigmoid>);
}

}  // namespace
