#include "skipmax/bias/alibi.hpp"

#include <cmath>
#include <vector>

#include "bias/lanes.hpp"
#include "skipmax/bias/score_bias.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::complaint_about;
using support::sizes;

static_assert(score_bias<alibi> && !hides_single_keys<alibi>);

std::vector<double> slopes_of(index heads) {
  std::vector<double> slopes(static_cast<std::size_t>(heads));
  alibi_slopes(slopes.data(), heads);
  return slopes;
}

std::string thrown(double* to, index heads) {
  try {
    alibi_slopes(to, heads);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(alibi, errors_of_slopes) {
  EXPECT_EQ(thrown(nullptr, 8), "skipmax: alibi_slopes: to: found a null pointer, wanted [8]");
  EXPECT_EQ(thrown(nullptr, -1), "skipmax: alibi_slopes: heads: found -1, wanted 0 or more");
  EXPECT_EQ(thrown(nullptr, 0), "");
}

TEST(alibi, the_papers_slopes_for_powers_of_two) {
  EXPECT_EQ(slopes_of(1), (std::vector<double>{0x1p-8}));
  EXPECT_EQ(slopes_of(2), (std::vector<double>{0x1p-4, 0x1p-8}));
  EXPECT_EQ(slopes_of(8),
            (std::vector<double>{0x1p-1, 0x1p-2, 0x1p-3, 0x1p-4, 0x1p-5, 0x1p-6, 0x1p-7, 0x1p-8}));
  for (index heads : {16, 64}) {
    const auto slopes = slopes_of(heads);
    for (std::size_t h = 0; h < slopes.size(); ++h)
      EXPECT_NEAR(slopes[h],
                  std::pow(2, -8 * static_cast<double>(h + 1) / static_cast<double>(heads)), 1e-16);
  }
}

TEST(alibi, the_papers_slopes_for_other_numbers) {
  EXPECT_EQ(slopes_of(0), std::vector<double>{});
  EXPECT_EQ(slopes_of(3), (std::vector<double>{0x1p-4, 0x1p-8, 0x1p-2}));
  // All of the smaller power's, then those at 0, 2, 4 .. of twice that power's.
  for (index heads = 3; heads < 40; ++heads) {
    index power = 1;
    while (2 * power <= heads) power *= 2;
    std::vector<double> wanted = slopes_of(power);
    const std::vector<double> twice = slopes_of(2 * power);
    for (std::size_t n = 0; static_cast<index>(wanted.size()) < heads; n += 2)
      wanted.push_back(twice[n]);
    EXPECT_EQ(slopes_of(heads), wanted) << heads;
  }
}

TEST(alibi, by_hand) {
  const double slopes[] = {0.5, 2};
  const alibi bias{slopes, 2};
  // Row 1 of 3 over 5 keys stands at key 3.
  const row_position head0{0, 0, 1, 3, 5}, head1{0, 1, 1, 3, 5};
  for (index j = 0; j < 5; ++j) {
    const double distance = std::abs(static_cast<double>(3 - j));
    EXPECT_EQ(bias.bias<double>(head0, j), -0.5 * distance);
    EXPECT_EQ(bias.bias<float>(head1, j), static_cast<float>(-2 * distance));
  }
  // Row 0 of 4 over 2 keys stands before the first.
  EXPECT_EQ(bias.bias<double>({0, 1, 0, 4, 2}, 1), -6);
}

TEST(alibi, registers_hold_what_their_lanes_are) {
  const auto slopes = slopes_of(3);
  for (index queries : {1, 5, 70}) {
    const problem p = sizes(1, 3, queries, 37);
    support::expect_lanes_of_all_rows<float>(alibi{slopes.data(), 3}, p);
    support::expect_lanes_of_all_rows<double>(alibi{slopes.data(), 3}, p);
  }
}

TEST(alibi, one_slope_for_each_head) {
  const double slopes[] = {1, 2, 3};
  EXPECT_EQ(complaint_about(alibi{slopes, 3}, sizes(1, 3, 4, 5)), "");
  EXPECT_EQ(complaint_about(alibi{}, sizes(1, 0, 4, 5)), "");
  EXPECT_EQ(complaint_about(alibi{slopes, 3}, sizes(1, 4, 4, 5)),
            "bias alibi: found 3 slopes, wanted one for each of the 4 heads of q");
  EXPECT_EQ(complaint_about(alibi{nullptr, 3}, sizes(1, 3, 4, 5)),
            "bias alibi: slopes: found a null pointer, wanted [3]");
}

TEST(alibi, slopes_are_finite_and_so_are_the_biases) {
  for (const double wrong : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1e38}) {
    const double slopes[] = {1, wrong};
    const std::string text = complaint_about(alibi{slopes, 2}, sizes(1, 2, 4, 5));
    EXPECT_EQ(text.find("bias alibi: slopes[1]: found "), 0u) << text;
    EXPECT_NE(text.find(", wanted a number whose product with any distance is finite in float"),
              std::string::npos)
        << text;
  }
}

}  // namespace
