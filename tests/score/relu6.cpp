#include "skipmax/score/relu6.hpp"

#include "score/formula.hpp"
#include "skipmax/score/score_function.hpp"

namespace {

using skipmax::relu6;

TEST(relu6, is_exact_on_integers) {
  for (int s = -20; s <= 20; ++s) formula::value(relu6{}, s, s < 0 ? 0 : s > 6 ? 6 : s);
}

TEST(relu6, keeps_nan) {
  formula::value(relu6{}, formula::nan, formula::nan);
  formula::slope(relu6{}, formula::nan, formula::nan);
}

TEST(relu6, at_infinity) {
  formula::value(relu6{}, formula::inf, 6);
  formula::value(relu6{}, -formula::inf, 0);
}

TEST(relu6, slope) {
  for (double s : {-formula::inf, -1.0, 0.0, 6.0, 7.0, formula::inf}) formula::slope(relu6{}, s, 0);
  for (double s : {1e-30, 1.0, 3.0, 5.9990234375}) formula::slope(relu6{}, s, 1);
}

TEST(relu6, facts) {
  static_assert(skipmax::differentiable<relu6>);
  static_assert(skipmax::has_exact_zeros<relu6>);
  static_assert(skipmax::maps_zero_to_zero<relu6>);
}

}  // namespace
