#include "skipmax/score/identity.hpp"

#include "score/formula.hpp"

namespace {

using skipmax::identity;

TEST(identity, is_exact) {
  for (double s : {0.0, 1.0, -3.0, 1e30, formula::inf, -formula::inf, formula::nan})
    formula::value(identity{}, s, s);
}

TEST(identity, slope_is_one) {
  for (double s : {0.0, 1.0, -3.0, 1e30}) formula::slope(identity{}, s, 1);
}

TEST(identity, facts) {
  static_assert(skipmax::differentiable<identity>);
  static_assert(!skipmax::has_exact_zeros<identity>);
  static_assert(skipmax::maps_zero_to_zero<identity>);
  EXPECT_EQ(sizeof(identity), 1u);
}

}  // namespace
