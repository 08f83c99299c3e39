#include "skipmax/score/silu.hpp"

#include "score/formula.hpp"

namespace {

using skipmax::silu;

TEST(silu, formula) {
  const auto sigma = [](long double s) { return 1 / (1 + std::exp(-s)); };
  const auto value = [&](long double s) { return s * sigma(s); };
  const auto slope = [&](long double s) { return sigma(s) * (1 + s * (1 - sigma(s))); };
  formula::check(silu{}, value, slope, 4);
}

TEST(silu, far_out) {
  for (double s : {1000.0, 1e30}) {
    formula::value(silu{}, s, s);
    formula::value(silu{}, -s, 0);
    formula::slope(silu{}, s, 1);
    formula::slope(silu{}, -s, 0);
  }
  formula::value(silu{}, formula::inf, formula::inf);
  formula::value(silu{}, -formula::inf, 0);
  formula::slope(silu{}, formula::inf, 1);
  formula::slope(silu{}, -formula::inf, 0);
}

TEST(silu, zero_and_nan) {
  formula::value(silu{}, 0, 0);
  formula::slope(silu{}, 0, 0.5);
  formula::value(silu{}, formula::nan, formula::nan);
  formula::slope(silu{}, formula::nan, formula::nan);
}

TEST(silu, facts) {
  static_assert(skipmax::differentiable<silu>);
  static_assert(!skipmax::has_exact_zeros<silu>);
  static_assert(skipmax::maps_zero_to_zero<silu>);
}

}  // namespace
