#include "skipmax/normalize/minus_log_length.hpp"

#include <cmath>

#include "skipmax/attention.hpp"
#include "support/bits.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

TEST(minus_log_length, the_shift_of_a_row) {
  EXPECT_EQ(minus_log_length{}.shift(1.), 0);
  EXPECT_NEAR(minus_log_length{}.shift(8.), -std::log(8.), 1e-15);
}

TEST(minus_log_length, asks_its_divisor) {
  error_message error{};
  minus_log_length{fixed_number{-1}}.check(problem{}, no_mask{}, error);
  EXPECT_FALSE(error.empty());
}

// With scores of 0 the weights are sigmoid(-log L) = 1 / (1 + L), and the sum of ones L / (1 + L).
TEST(minus_log_length, weights_start_near_one_over_length) {
  for (index keys : {1, 9, 300}) {
    support::operands<double> x({1, 5, keys, 1, 1, 8, 3});
    x.q.fill(0);
    x.v.fill(1);
    support::run(sigmoid_attention{}, x);
    const double length = static_cast<double>(keys);
    for (index i = 0; i < 5; ++i)
      EXPECT_NEAR(x.out.at(0, i, 0, 2), length / (1 + length), 1e-14) << keys;
  }
}

// A bias of the sigmoid can do the same as a fixed number.
TEST(minus_log_length, is_a_bias) {
  support::operands<double> x({2, 9, 31, 2, 1, 8, 10}), y(x.sizes);
  support::run(sigmoid_attention{}.with(minus_log_length{fixed_number{50}}), x);
  support::run(attention<sigmoid, unnormalized>{{-std::log(50.)}, {}, {}, {}, {}}, y);
  for (index i = 0; i < 9; ++i)
    for (index d = 0; d < 10; ++d) EXPECT_NEAR(x.out.at(1, i, 1, d), y.out.at(1, i, 1, d), 1e-14);
}

}  // namespace
