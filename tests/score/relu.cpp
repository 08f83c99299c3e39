#include "skipmax/score/relu.hpp"

#include "score/formula.hpp"
#include "skipmax/score/score_function.hpp"

namespace {

using skipmax::relu;

TEST(relu, is_exact_on_integers) {
  for (int s = -50; s <= 50; ++s) formula::value(relu{}, s, s > 0 ? s : 0);
}

TEST(relu, keeps_nan) {
  formula::value(relu{}, formula::nan, formula::nan);
}

TEST(relu, at_infinity) {
  formula::value(relu{}, formula::inf, formula::inf);
  formula::value(relu{}, -formula::inf, 0);
}

TEST(relu, slope) {
  formula::slope(relu{}, -2, 0);
  formula::slope(relu{}, 0, 0);
  formula::slope(relu{}, 1e-30, 1);
  formula::slope(relu{}, formula::inf, 1);
  formula::slope(relu{}, -formula::inf, 0);
  formula::slope(relu{}, formula::nan, formula::nan);
}

TEST(relu, facts) {
  static_assert(skipmax::differentiable<relu>);
  static_assert(skipmax::has_exact_zeros<relu>);
  static_assert(skipmax::maps_zero_to_zero<relu>);
}

}  // namespace
