// The scale slot: 1 / sqrt(key dim) unless it is given.
#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;

const problem shape{2, 9, 21, 4, 2, 17, 10};

TEST(scale, any_number_may_be_given) {
  for (double value : {1., 0.03, -0.5, 0., 3.}) {
    support::check_against_reference<float>(softmax_attention{}.with(scale{value}), shape);
    support::check_against_reference<float>(relu_attention{}.with(scale{value}), shape);
    support::check_against_reference<double>(relu_attention{}.with(scale{value}), shape);
  }
}

TEST(scale, the_default_is_one_over_the_root_of_the_dim) {
  support::operands<float> x({1, 3, 5, 1, 1, 64, 4}), y({1, 3, 5, 1, 1, 64, 4});
  support::run(softmax_attention{}, x);
  support::run(softmax_attention{}.with(scale{0.125}), y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

TEST(scale, zero_makes_all_scores_alike) {
  support::operands<double> x({1, 1, 4, 1, 1, 3, 1});
  support::run(softmax_attention{}.with(scale{0}), x);
  const double mean =
      (x.v.at(0, 0, 0, 0) + x.v.at(0, 1, 0, 0) + x.v.at(0, 2, 0, 0) + x.v.at(0, 3, 0, 0)) / 4;
  EXPECT_NEAR(x.out.at(0, 0, 0, 0), mean, 1e-15);
}

}  // namespace
