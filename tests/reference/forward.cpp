#include "skipmax/reference/forward.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "skipmax/attention.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

const double nan = std::numeric_limits<double>::quiet_NaN();

// Two queries over three keys, d = 4 so that the scale is 1/2. The scores are
//   2  -1   0
//   1   1   4
const float q[] = {4, 0, 0, 0, 0, 2, 0, 0};
const float k[] = {1, 1, 9, 9, -0.5f, 1, 9, 9, 0, 4, 9, 9};
const double v[] = {1, 10, 2, 20, 4, 40};

template <class Attention>
std::vector<double> run(const Attention& a) {
  std::vector<double> out(4, nan);
  reference::forward(a, ld(q, 2, 4), ld(k, 3, 4), ld(v, 3, 2), ld(out.data(), 2, 2));
  return out;
}

TEST(reference, relu_over_length) {
  const double third = 1. / 3;
  const std::vector<double> out = run(relu_attention{});
  EXPECT_NEAR(out[0], 2 * third, 1e-15);
  EXPECT_NEAR(out[1], 20 * third, 1e-14);
  EXPECT_NEAR(out[2], (1 + 2 + 16) * third, 1e-14);
  EXPECT_NEAR(out[3], (10 + 20 + 160) * third, 1e-13);
}

TEST(reference, unnormalized_identity_is_a_plain_product) {
  const attention<identity, unnormalized> a;
  EXPECT_EQ(run(a), (std::vector<double>{2 - 2, 20 - 20, 1 + 2 + 16, 10 + 20 + 160}));
}

TEST(reference, a_mask_changes_the_length_too) {
  const auto out = run(relu_attention{}.with(causal{}));  // row 0 sees two keys of three
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[1], 10);
}

TEST(reference, the_scale_can_be_given) {
  const auto out = run(attention<identity, unnormalized>{}.with(scale{1}));
  EXPECT_EQ(out[2], 2 * (1 + 2 + 16));
}

TEST(reference, the_cap_comes_before_the_score_function) {
  const auto out = run(attention<relu, unnormalized>{}.with(softcap{2}));
  EXPECT_NEAR(out[0], 2 * std::tanh(1.), 1e-15);
}

TEST(reference, softmax) {
  const auto out = run(softmax_attention{});
  const double e[] = {std::exp(2.), std::exp(-1.), 1.};
  EXPECT_NEAR(out[0], (e[0] + 2 * e[1] + 4 * e[2]) / (e[0] + e[1] + e[2]), 1e-15);
}

TEST(reference, each_head_reads_its_kv_head) {
  const double keys[] = {1, 2}, values[] = {10, 100};
  const double queries[] = {1, 2, 3, 4};
  double out[4];
  reference::forward(attention<identity, unnormalized>{}, lhd(queries, 1, 4, 1), lhd(keys, 1, 2, 1),
                     lhd(values, 1, 2, 1), lhd(out, 1, 4, 1));
  EXPECT_EQ(out[0], 10);
  EXPECT_EQ(out[1], 20);
  EXPECT_EQ(out[2], 600);
  EXPECT_EQ(out[3], 800);
}

TEST(reference, a_row_that_sees_nothing_is_zeros) {
  const index none = 0;
  for (double x : run(softmax_attention{}.with(key_lengths{&none, 1}))) EXPECT_EQ(x, 0);
  for (double x : run(relu_attention{}.with(key_lengths{&none, 1}))) EXPECT_EQ(x, 0);
}

TEST(reference, masked_keys_may_hold_anything) {
  const double queries[] = {1, 1}, keys[] = {1, nan}, values[] = {3, nan};
  double out[2];
  reference::forward(relu_attention{}.with(causal{}), ld(queries, 2, 1), ld(keys, 2, 1),
                     ld(values, 2, 1), ld(out, 2, 1));
  EXPECT_EQ(out[0], 3);
  EXPECT_TRUE(std::isnan(out[1]));
}

TEST(reference, without_a_dim_every_score_is_zero) {
  const double values[] = {3, 5};
  double out[1];
  reference::forward(softmax_attention{}, ld(values, 1, 0), ld(values, 2, 0), ld(values, 2, 1),
                     ld(out, 1, 1));
  EXPECT_EQ(out[0], 4);
}

TEST(reference, views_are_read_with_their_strides) {
  const double queries[] = {1, nan, 2, nan}, values[] = {3, nan, nan, 5};
  double out[] = {0, -1, 0};
  reference::forward(attention<identity, unnormalized>{}, ld(queries, 2, 1, {0, 2, 0}),
                     ld(queries, 2, 1, {0, 2, 0}), ld(values, 2, 1, {0, 3, 0}),
                     ld(out, 2, 1, {0, 2, 0}));
  EXPECT_EQ(out[0], 1 * 3 + 2 * 5);
  EXPECT_EQ(out[1], -1);
  EXPECT_EQ(out[2], 2 * 3 + 4 * 5);
}

}  // namespace
