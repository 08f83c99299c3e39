#include "skipmax/reference/weights.hpp"

#include <gtest/gtest.h>

#include "skipmax/score/identity.hpp"
#include "skipmax/score/relu.hpp"
#include "skipmax/score/sigmoid.hpp"

namespace {

using namespace skipmax;

template <class Normalizer, class Score>
std::vector<double> weigh(const Normalizer& n, const Score& h, std::vector<double> scores) {
  return reference::weights<native_isa>(n, h, row_position{1, 0, 2, 3, 8}, scores);
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t n = 0; n < found.size(); ++n) EXPECT_NEAR(found[n], wanted[n], 1e-15) << n;
}

const double log2 = std::log(2.0), log3 = std::log(3.0);

TEST(weights, softmax_is_the_share_of_the_exponentials) {
  expect_near(weigh(softmax{}, identity{}, {0, log2, log3}), {1. / 6, 2. / 6, 3. / 6});
}

TEST(weights, softmax_comes_after_the_score_function) {
  expect_near(weigh(softmax{}, relu{}, {-5, 0, log2}), {0.25, 0.25, 0.5});
}

TEST(weights, softmax_of_large_scores_stays_finite) {
  // Not {0.5, 0.5, 0, 0}: g++ 12.2 -O2 for AVX-512 stores that constant as four times 0.5.
  expect_near(weigh(softmax{}, identity{}, {1e4, -1e4, 1e4 - 800, 1e4}), {0.5, 0, 0, 0.5});
}

TEST(weights, by_length_divides_by_a_power_of_the_visible_keys) {
  expect_near(weigh(by_length{}, relu{}, {-1, 2, 3, 4}), {0, 0.5, 0.75, 1});
  expect_near(weigh(by_length{0.5}, relu{}, {-1, 2, 3, 4}), {0, 1, 1.5, 2});
  expect_near(weigh(by_length{2}, relu{}, {-1, 2, 3, 4}), {0, 0.125, 0.1875, 0.25});
  expect_near(weigh(by_length{0}, relu{}, {-1, 2, 3, 4}), {0, 2, 3, 4});
}

TEST(weights, every_divisor_policy_counts_its_own_length) {
  const double numbers[] = {1, 1, 1, 1, 1, 16};  // [2 sequences, 3 queries]
  expect_near(weigh(by_length{1, visible_keys{}}, identity{}, {16, -32}), {8, -16});
  expect_near(weigh(by_length{1, all_keys{}}, identity{}, {16, -32}), {2, -4});
  expect_near(weigh(by_length{1, fixed_number{32}}, identity{}, {16, -32}), {0.5, -1});
  expect_near(weigh(by_length{1, per_row{numbers, 2, 3}}, identity{}, {16, -32}), {1, -2});
  expect_near(weigh(by_length{1, per_row{numbers + 3, 1, 3}}, identity{}, {16, -32}), {1, -2});
}

TEST(weights, unnormalized_is_the_score_function_alone) {
  expect_near(weigh(unnormalized{}, relu{}, {-1, 2, 3}), {0, 2, 3});
}

TEST(weights, minus_log_length_goes_inside) {
  expect_near(weigh(minus_log_length{}, identity{}, {1, 1, 1}), {1 - log3, 1 - log3, 1 - log3});
  expect_near(weigh(minus_log_length{fixed_number{3}}, sigmoid{}, {0}), {0.25});
}

TEST(weights, a_score_that_is_not_a_number_is_not_hidden) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  for (double w : weigh(softmax{}, identity{}, {1, nan, 2})) EXPECT_TRUE(std::isnan(w));
  for (double w : weigh(softmax{}, identity{}, {-inf, nan})) EXPECT_TRUE(std::isnan(w));
  for (double w : weigh(softmax{}, identity{}, {-inf, -inf})) EXPECT_EQ(w, 0);
  EXPECT_TRUE(std::isnan(weigh(by_length{}, relu{}, {1, nan})[1]));
  EXPECT_EQ(weigh(by_length{}, relu{}, {1, nan})[0], 0.5);
}

}  // namespace
