#include "skipmax/bias/dense_bias.hpp"

#include <vector>

#include "bias/lanes.hpp"
#include "skipmax/bias/score_bias.hpp"
#include "support/fenced.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::complaint_about;
using support::sizes;

static_assert(score_bias<dense_bias<float>> && hides_single_keys<dense_bias<double>>);

// Element (b, h, i, j) is 1000 b + 100 h + 10 i + j / 8.
double number(index b, index h, index i, index j) {
  return static_cast<double>(1000 * b + 100 * h + 10 * i) + static_cast<double>(j) / 8;
}

TEST(dense_bias, by_hand) {
  const float inf = std::numeric_limits<float>::infinity();
  const float data[] = {0.5f, -1, 2, -inf, 4, 0.1f};  // [1, 1, 2, 3]
  const dense_bias bias{data, 1, 1, 2, 3};
  EXPECT_EQ(bias.bias<float>({0, 0, 0, 2, 3}, 1), -1);
  EXPECT_EQ(bias.bias<float>({0, 0, 1, 2, 3}, 0), -inf);
  EXPECT_EQ(bias.bias<double>({0, 0, 1, 2, 3}, 2), static_cast<double>(0.1f));
}

template <class T>
void check_all_lengths() {
  for (index keys = 0; keys < 36; ++keys)
    for (const support::fence side : {support::fence::before, support::fence::after}) {
      support::fenced<T> data(2 * 3 * 2 * keys, side);
      index n = 0;
      for (index b = 0; b < 2; ++b)
        for (index h = 0; h < 3; ++h)
          for (index i = 0; i < 2; ++i)
            for (index j = 0; j < keys; ++j) data.data()[n++] = static_cast<T>(number(b, h, i, j));
      const dense_bias bias{data.data(), 2, 3, 2, keys};
      for (index b = 0; b < 2; ++b)
        for (index h = 0; h < 3; ++h)
          for (index i = 0; i < 2; ++i)
            for (index j = 0; j < keys; ++j)
              ASSERT_EQ((bias.template bias<double>({b, h, i, 2, keys}, j)), number(b, h, i, j));
      support::expect_lanes_of_all_rows<T>(bias, sizes(2, 3, 2, keys));
    }
}

TEST(dense_bias, every_element_and_nothing_outside) {
  check_all_lengths<float>();
  check_all_lengths<double>();
}

TEST(dense_bias, batch_and_heads_may_be_shared) {
  const double data[] = {1, 2, 3, 4};
  const row_position at{1, 1, 0, 1, 1};
  EXPECT_EQ((dense_bias{data, 2, 2, 1, 1}.bias<double>(at, 0)), 4);
  EXPECT_EQ((dense_bias{data, 1, 2, 1, 1}.bias<double>(at, 0)), 2);
  EXPECT_EQ((dense_bias{data, 2, 1, 1, 1}.bias<double>(at, 0)), 2);
  EXPECT_EQ((dense_bias{data, 1, 1, 1, 1}.bias<double>(at, 0)), 1);
}

TEST(dense_bias, one_row_may_serve_all_queries) {
  const double data[] = {1, 2, 3, 4, 5, 6};  // [batch 2, 1, 1, key 3]
  const dense_bias bias{data, 2, 1, 1, 3};
  for (index b = 0; b < 2; ++b)
    for (index i = 0; i < 4; ++i)
      for (index j = 0; j < 3; ++j) {
        EXPECT_EQ(bias.bias<double>({b, 2, i, 4, 3}, j), data[b * 3 + j]);
        const auto rows = bias.rows({b, 2, 0, 4, 3}, 4, j, 1);
        EXPECT_EQ(rows.data[i * rows.stride], data[b * 3 + j]);
      }
}

TEST(dense_bias, with_strides) {
  // [query 2, batch 2, head 2, key 2] with one number between the rows
  std::vector<double> data;
  for (index i = 0; i < 2; ++i)
    for (index b = 0; b < 2; ++b)
      for (index h = 0; h < 2; ++h)
        for (index j = 0; j < 3; ++j) data.push_back(j < 2 ? number(b, h, i, j) : -1);
  const dense_bias bias{data.data(), 2, 2, 2, 2, {6, 12, 3}};
  for (index b = 0; b < 2; ++b)
    for (index h = 0; h < 2; ++h)
      for (index i = 0; i < 2; ++i)
        for (index j = 0; j < 2; ++j)
          EXPECT_EQ(bias.bias<double>({b, h, i, 2, 2}, j), number(b, h, i, j));
  const dense_bias alike{data.data(), 2, 2, 2, 2, {6, 0, 3}};  // one row for all queries
  EXPECT_EQ(alike.bias<double>({1, 1, 1, 2, 2}, 1), number(1, 1, 0, 1));
}

TEST(dense_bias, sizes_are_those_of_the_call) {
  const float data[1] = {};
  const problem p = sizes(2, 6, 4, 5);
  const std::string wanted =
      ", wanted [1 or 2, 1 or 6, 1 or 4, 5], the batch and heads of q and the lengths of q and k "
      "(of "
      "segments: their number and the longest)";
  const auto found = [&](index b, index h, index lq, index lk) {
    return complaint_about(dense_bias{data, b, h, lq, lk}, p);
  };
  EXPECT_EQ(found(1, 1, 4, 5), "");
  EXPECT_EQ(found(2, 6, 4, 5), "");
  EXPECT_EQ(found(3, 6, 4, 5), "bias dense_bias: found [3, 6, 4, 5]" + wanted);
  EXPECT_EQ(found(2, 2, 4, 5), "bias dense_bias: found [2, 2, 4, 5]" + wanted);
  EXPECT_EQ(found(2, 6, 1, 5), "");
  EXPECT_EQ(found(2, 6, 2, 5), "bias dense_bias: found [2, 6, 2, 5]" + wanted);
  EXPECT_EQ(found(2, 6, 4, 6), "bias dense_bias: found [2, 6, 4, 6]" + wanted);
}

TEST(dense_bias, data_is_given) {
  EXPECT_EQ(complaint_about(dense_bias<float>{nullptr, 1, 1, 4, 5}, sizes(1, 1, 4, 5)),
            "bias dense_bias: data: found a null pointer, wanted [1, 1, 4, 5]");
  EXPECT_EQ(complaint_about(dense_bias<float>{nullptr, 1, 1, 0, 5}, sizes(1, 1, 0, 5)), "");
}

}  // namespace
