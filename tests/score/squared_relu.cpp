#include "skipmax/score/squared_relu.hpp"

#include "score/formula.hpp"
#include "skipmax/score/score_function.hpp"

namespace {

using skipmax::squared_relu;

TEST(squared_relu, is_exact_on_integers) {
  for (int s = -50; s <= 50; ++s) formula::value(squared_relu{}, s, s > 0 ? s * s : 0);
}

TEST(squared_relu, keeps_nan) {
  formula::value(squared_relu{}, formula::nan, formula::nan);
  formula::slope(squared_relu{}, formula::nan, formula::nan);
}

TEST(squared_relu, at_infinity) {
  formula::value(squared_relu{}, formula::inf, formula::inf);
  formula::value(squared_relu{}, -formula::inf, 0);
}

TEST(squared_relu, slope) {
  for (int s = -5; s <= 5; ++s) formula::slope(squared_relu{}, s, s > 0 ? 2 * s : 0);
}

TEST(squared_relu, facts) {
  static_assert(skipmax::differentiable<squared_relu>);
  static_assert(skipmax::has_exact_zeros<squared_relu>);
  static_assert(skipmax::maps_zero_to_zero<squared_relu>);
}

}  // namespace
