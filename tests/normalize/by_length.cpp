#include "skipmax/normalize/by_length.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/bits.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(by_length, the_factor_of_a_row) {
  EXPECT_EQ(by_length{}.finish(8.), 0.125);
  EXPECT_EQ(by_length{0}.finish(8.), 1);
  EXPECT_EQ(by_length{0.5}.finish(16.), 0.25);
  EXPECT_EQ(by_length{2}.finish(4.), 0.0625);
  EXPECT_NEAR(by_length{0.7}.finish(49.), std::pow(49., -0.7), 1e-16);
}

std::string complaint(double alpha) {
  error_message error{};
  by_length{alpha}.check(problem{}, no_mask{}, error);
  return error.text;
}

TEST(by_length, alpha_is_finite_and_not_negative) {
  EXPECT_EQ(complaint(0), "");
  EXPECT_EQ(complaint(2), "");
  EXPECT_EQ(complaint(-0.5),
            "normalizer by_length: alpha: found -0.5, wanted a finite number, 0 or more");
  EXPECT_NE(complaint(nan), "");
  EXPECT_NE(complaint(infinity), "");
}

TEST(by_length, takes_a_power_a_divisor_or_both) {
  static_assert(std::is_same_v<decltype(by_length{}), by_length<visible_keys>>);
  static_assert(std::is_same_v<decltype(by_length{2}), by_length<visible_keys>>);
  static_assert(std::is_same_v<decltype(by_length{all_keys{}}), by_length<all_keys>>);
  static_assert(std::is_same_v<decltype(by_length{2, all_keys{}}), by_length<all_keys>>);
  EXPECT_EQ(by_length{2}.alpha, 2);
  EXPECT_EQ(by_length{fixed_number{7}}.alpha, 1);
  EXPECT_EQ(by_length{fixed_number{7}}.divisor.number, 7);
  EXPECT_EQ((by_length{0.5, fixed_number{7}}.alpha), 0.5);
  EXPECT_EQ((by_length{0.5, fixed_number{7}}.divisor.number), 7);
}

TEST(by_length, asks_its_divisor) {
  error_message error{};
  by_length{1, fixed_number{-1}}.check(problem{}, no_mask{}, error);
  EXPECT_FALSE(error.empty());
}

// alpha = 1 over 64 keys is 1 / 64 of alpha = 0, to the bit.
TEST(by_length, divides_at_the_end) {
  support::operands<float> x({1, 9, 64, 1, 1, 8, 10}), y(x.sizes);
  support::run(relu_attention{}.with(by_length{0}), x);
  support::run(relu_attention{}, y);
  for (index i = 0; i < 9; ++i)
    for (index d = 0; d < 10; ++d) EXPECT_EQ(x.out.at(0, i, 0, d), 64 * y.out.at(0, i, 0, d));
}

// Parts over disjoint keys merge by plain addition, if they divide by the same number.
TEST(by_length, parts_add_up) {
  const auto a = attention<gelu, by_length<fixed_number>>{{}, {1, {300}}, {}, {}, {}};
  support::operands<double> whole({1, 9, 300, 1, 1, 8, 10}), left(whole.sizes), right(whole.sizes);
  support::run(a, whole);
  const auto k = whole.k.read(), v = whole.v.read();
  a.forward(whole.q.read(), positions(k, 0, 130), positions(v, 0, 130), left.out.view());
  a.forward(whole.q.read(), positions(k, 130, 300), positions(v, 130, 300), right.out.view());
  for (index i = 0; i < 9; ++i)
    for (index d = 0; d < 10; ++d)
      EXPECT_NEAR(left.out.at(0, i, 0, d) + right.out.at(0, i, 0, d), whole.out.at(0, i, 0, d),
                  1e-15);
}

}  // namespace
