#include "skipmax/bias/relative_bias.hpp"

#include "bias/lanes.hpp"
#include "skipmax/bias/score_bias.hpp"
#include "support/fenced.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::complaint_about;
using support::sizes;

static_assert(score_bias<relative_bias<float>> && !hides_single_keys<relative_bias<float>>);
static_assert(hides_single_keys<relative_bias<float, true>>);

TEST(relative_bias, by_hand) {
  // Differences -2 .. 1, two heads. Row 1 of 3 over 6 keys stands at key 4.
  const double table[] = {10, 11, 12, 13, 20, 21, 22, 23};
  const relative_bias bias{table, 2, -2, 4};
  const double wanted[] = {10, 10, 10, 11, 12, 13};
  for (index j = 0; j < 6; ++j) {
    EXPECT_EQ((bias.bias<double>({0, 0, 1, 3, 6}, j)), wanted[j]);
    EXPECT_EQ((bias.bias<float>({1, 1, 1, 3, 6}, j)), static_cast<float>(wanted[j] + 10));
  }
  const relative_bias shared{table, 1, -2, 4};
  EXPECT_EQ((shared.bias<double>({0, 1, 1, 3, 6}, 5)), 13);
}

TEST(relative_bias, differences_beyond_the_table_take_its_ends) {
  const float table[] = {7, 8};
  const row_position at{0, 0, 0, 1, 9};  // differences -8 .. 0
  EXPECT_EQ((relative_bias{table, 1, 5, 2}.bias<float>(at, 8)), 7);
  EXPECT_EQ((relative_bias{table, 1, -20, 2}.bias<float>(at, 0)), 8);
  EXPECT_EQ((relative_bias{table, 1, -3, 1}.bias<float>(at, 0)), 7);
}

// rows() gives a place in the table if no entry is outside, and there are the numbers of bias().
TEST(relative_bias, rows_in_the_table) {
  std::vector<float> table(2 * 9);
  for (std::size_t n = 0; n < table.size(); ++n) table[n] = static_cast<float>(n);
  const relative_bias bias{table.data(), 2, -5, 9};
  int found = 0;
  for (index query = 0; query < 6; ++query)
    for (index key = 0; key < 8; ++key)
      for (index count = 1; query + count <= 6; ++count)
        for (index keys = 1; key + keys <= 8; ++keys) {
          const row_position first{0, 1, query, 6, 8};
          const index stands_at = query + 2, least = key - (stands_at + count - 1),
                      most = key + keys - 1 - stands_at;
          const row_matrix<const float> rows = bias.rows(first, count, key, keys);
          ASSERT_EQ(rows.data != nullptr, least >= -5 && most <= 3);
          if (!rows.data) continue;
          ++found;
          for (index r = 0; r < count; ++r)
            for (index j = 0; j < keys; ++j)
              ASSERT_EQ(rows.data[r * rows.stride + j],
                        bias.bias<float>({0, 1, query + r, 6, 8}, key + j));
        }
  EXPECT_GT(found, 100);
}

// Tables of every length that end within, at and beyond registers and the keys.
template <class T>
void check_all_tables() {
  const index keys = 37;
  for (index count = 1; count < 42; count += count < 20 ? 1 : 3)
    for (index first = -60; first < 24; ++first)
      for (const support::fence side : {support::fence::before, support::fence::after}) {
        support::fenced<T> table(2 * count, side);
        for (index n = 0; n < 2 * count; ++n) table.data()[n] = static_cast<T>(n + 1);
        const relative_bias bias{table.data(), 2, first, count};
        for (index query : {0, 2}) {
          const row_position at{0, 1, query, 3, keys};
          support::expect_lanes<T>(bias, at);
          for (index j = 0; j < keys; ++j) {
            index difference = j - (query + keys - 3);
            if (difference < first) difference = first;
            if (difference > first + count - 1) difference = first + count - 1;
            const auto wanted = static_cast<double>(count + difference - first + 1);
            ASSERT_EQ((bias.template bias<double>(at, j)), wanted);
          }
        }
      }
}

TEST(relative_bias, all_tables_in_float) {
  check_all_tables<float>();
}
TEST(relative_bias, all_tables_in_double) {
  check_all_tables<double>();
}

TEST(relative_bias, a_table_is_given) {
  const float table[6] = {};
  const problem p = sizes(2, 6, 4, 5);
  EXPECT_EQ(complaint_about(relative_bias{table, 1, -2, 3}, p), "");
  EXPECT_EQ(complaint_about(relative_bias{table, 6, -2, 1}, p), "");
  EXPECT_EQ(complaint_about(relative_bias{table, 2, -2, 3}, p),
            "bias relative_bias: found a table for 2 heads, wanted 1 or 6, the heads of q");
  EXPECT_EQ(complaint_about(relative_bias{table, 1, -2, 0}, p),
            "bias relative_bias: count: found 0, wanted at least 1 difference");
  constexpr index least = std::numeric_limits<index>::min();
  EXPECT_EQ(complaint_about(relative_bias{table, 1, least, 3}, p),
            "bias relative_bias: first: found -9223372036854775808, wanted between -2^62 and 2^62");
  EXPECT_EQ(complaint_about(relative_bias<float>{nullptr, 6, -2, 3}, p),
            "bias relative_bias: data: found a null pointer, wanted [6, 3]");
}

TEST(relative_bias, a_table_that_hides_keys_says_so) {
  const float inf = std::numeric_limits<float>::infinity();
  const float table[] = {0, 1, -inf, 3, 4, -inf};  // differences -3 .. 2
  EXPECT_EQ(complaint_about(relative_bias{table, 1, -3, 6}, sizes(1, 1, 2, 2)),
            "bias relative_bias: data[0, 2]: found -inf, wanted a number, or relative_bias<T, "
            "true>, which hides keys");
  EXPECT_EQ(complaint_about(relative_bias<float, true>{table, 1, -3, 6}, sizes(1, 1, 2, 2)), "");
  // Only the differences of the problem count: 0 and 1, then 0 .. 2, then 0, which takes the end.
  EXPECT_EQ(complaint_about(relative_bias{table, 1, -3, 6}, sizes(1, 1, 2, 1)), "");
  EXPECT_NE(complaint_about(relative_bias{table, 1, -3, 6}, sizes(1, 1, 3, 1)), "");
  EXPECT_NE(complaint_about(relative_bias{table, 1, -9, 6}, sizes(1, 1, 1, 1)), "");
  const row_position at{0, 0, 1, 2, 2};
  EXPECT_EQ((relative_bias<float, true>{table, 1, -3, 6}.bias<float>(at, 0)), -inf);
}

}  // namespace
