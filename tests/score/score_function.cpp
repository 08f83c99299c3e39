#include "skipmax/score/score_function.hpp"

#include <gtest/gtest.h>

#include "skipmax/score/relu.hpp"
#include "skipmax/score/silu.hpp"

namespace {

using namespace skipmax;

struct nothing {};
struct value_only {
  template <class V>
  V value(V s) const {
    return s;
  }
};
struct wrong_type {
  int value(double) const { return 0; }
};
struct not_const {
  double value(double s) { return s; }
};
struct counts_calls {  // gives both at once, and says so
  template <class V>
  score_and_slope<V> value_and_derivative(V s) const {
    return {s + s, s * s};
  }
};

TEST(score_function, the_concept) {
  static_assert(score_function<relu>);
  static_assert(score_function<value_only>);
  static_assert(!score_function<nothing>);
  static_assert(!score_function<wrong_type>);
  static_assert(!score_function<not_const>);
  static_assert(differentiable<relu> && !differentiable<value_only>);
}

TEST(score_function, facts_are_off_unless_claimed) {
  static_assert(has_exact_zeros<relu> && !has_exact_zeros<value_only>);
  static_assert(maps_zero_to_zero<silu> && !maps_zero_to_zero<value_only>);
}

TEST(score_function, evaluate_both_takes_what_there_is) {
  const auto apart = evaluate_both(relu{}, 3.0);
  EXPECT_EQ(apart.value, 3);
  EXPECT_EQ(apart.derivative, 1);
  const auto together = evaluate_both(counts_calls{}, 3.0);
  EXPECT_EQ(together.value, 6);
  EXPECT_EQ(together.derivative, 9);
}

}  // namespace
