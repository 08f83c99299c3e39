#include "skipmax/reference/forward.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "skipmax/attention.hpp"
#include "skipmax/bias/alibi.hpp"
#include "skipmax/bias/dense_bias.hpp"
#include "skipmax/mask/dense_mask.hpp"

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

const double inf = std::numeric_limits<double>::infinity();

TEST(reference, a_bias_comes_after_the_cap) {
  const double bias[] = {0, 3, -1, -2, 0.5, 0};  // [2 queries, 3 keys]
  const auto a = attention<identity, unnormalized>{}.with(dense_bias{bias, 1, 1, 2, 3});
  EXPECT_EQ(run(a), (std::vector<double>{2 + 2 * 2 - 4, 20 + 2 * 20 - 40, -1 + 2 * 1.5 + 16,
                                         -10 + 20 * 1.5 + 160}));
  const double large[] = {10, 10, 10, 10, 10, 10};
  const auto capped =
      attention<relu, unnormalized>{}.with(softcap{2}).with(dense_bias{large, 1, 1, 2, 3});
  EXPECT_NEAR(run(capped)[0], 10 + 2 * std::tanh(1.) + 2 * (10 + 2 * std::tanh(-0.5)) + 4 * 10.,
              1e-13);
}

TEST(reference, a_key_whose_bias_is_minus_infinity_is_not_there) {
  const double bias[] = {0, -inf, 0, -inf, -inf, -inf};
  const auto out = run(relu_attention{}.with(dense_bias{bias, 1, 1, 2, 3}));
  EXPECT_EQ(out[0], 2 / 2.);  // divided by two keys, not three
  EXPECT_EQ(out[2], 0);
  EXPECT_EQ(out[3], 0);
  const double queries[] = {1}, keys[] = {nan, 1, 2}, values[] = {nan, 3, 5};
  double one[1] = {};
  const double hidden[] = {-inf, 0, 0};
  reference::forward(attention<identity, unnormalized>{}.with(dense_bias{hidden, 1, 1, 1, 3}),
                     ld(queries, 1, 1), ld(keys, 3, 1), ld(values, 3, 1), ld(one, 1, 1));
  EXPECT_EQ(one[0], 3 + 10);
}

TEST(reference, masks_and_biases_hide_together) {
  const std::uint8_t flags[] = {1, 1, 0, 0, 1, 1};
  const double bias[] = {-inf, 0, 0, 0, 0, -inf};
  const auto a = attention<identity, by_length<>>{}
                     .with(dense_mask{flags, 1, 1, 2, 3})
                     .with(dense_bias{bias, 1, 1, 2, 3});
  const auto out = run(a);
  EXPECT_EQ(out[0], -1 * 2);
  EXPECT_EQ(out[2], 1 * 2);
  EXPECT_EQ(reference::keys_of(a, {0, 0, 0, 2, 3}), (std::vector<index>{1}));
}

// A user's row transforms, of which the first shows the place of its row.
struct add {
  double by_batch, by_head, by_position;

  template <class Isa, class T>
  void forward(row_place, row_matrix<const T>, row_matrix<T>, index, index) const {}
};
template <class Isa>
void transform_row(const add& by, row_place at, std::vector<double>& row) {
  for (double& x : row)
    x += by.by_batch * static_cast<double>(at.batch) + by.by_head * static_cast<double>(at.head) +
         by.by_position * static_cast<double>(at.position);
}
struct times {
  static constexpr bool is_gate = true;
  double factor;

  template <class Isa, class T>
  void forward(row_place, row_matrix<const T>, row_matrix<T>, index, index) const {}
};
template <class Isa>
void transform_row(const times& by, row_place, std::vector<double>& row) {
  for (double& x : row) x *= by.factor;
}
struct plus_one {
  template <class Isa, class T>
  void forward(row_place, row_matrix<const T>, row_matrix<T>, index, index) const {}
};
template <class Isa>
void transform_row(plus_one, row_place, std::vector<double>& row) {
  for (double& x : row) x += 1;
}

// Two sequences, two query heads over one kv head, two queries and keys, dim 1: all elements are 1.
template <class Attention>
std::vector<double> run_ones(const Attention& a) {
  const std::vector<double> ones(8, 1);
  std::vector<double> out(8, nan);
  reference::forward(a.with(scale{1}), blhd(ones.data(), 2, 2, 2, 1), blhd(ones.data(), 2, 2, 1, 1),
                     blhd(ones.data(), 2, 2, 1, 1), blhd(out.data(), 2, 2, 2, 1));
  return out;
}

TEST(reference, rows_of_q_and_k_are_transformed_first) {
  const attention<identity, unnormalized> a;
  EXPECT_EQ(run_ones(a), (std::vector<double>(8, 2)));
  // q becomes 1 + 100 b + 10 h + i.
  EXPECT_EQ(run_ones(a.with(on_q{add{100, 10, 1}})),
            (std::vector<double>{2, 22, 4, 24, 202, 222, 204, 224}));
  // k becomes 1 + 100 b + j, and its head is the kv head.
  EXPECT_EQ(run_ones(a.with(on_k{add{100, 10, 1}})),
            (std::vector<double>{3, 3, 3, 3, 203, 203, 203, 203}));
  EXPECT_EQ(run_ones(a.with(on_k{add{0, 0, 1}}).with(on_q{add{0, 0, 1}})),
            (std::vector<double>{3, 3, 6, 6, 3, 3, 6, 6}));
}

TEST(reference, rows_of_out_are_transformed_and_then_gated) {
  const attention<identity, unnormalized> a;
  EXPECT_EQ(run_ones(a.with(on_out{add{100, 10, 1}})),
            (std::vector<double>{2, 12, 3, 13, 102, 112, 103, 113}));
  EXPECT_EQ(run_ones(a.with(times{5})), (std::vector<double>(8, 10)));
  EXPECT_EQ(run_ones(a.with(times{5}).with(on_out{plus_one{}})), (std::vector<double>(8, 15)));
}

TEST(reference, a_row_that_sees_nothing_is_zeros_after_transforms_too) {
  const index lengths[] = {2, 0};
  const auto a = attention<identity, unnormalized>{}
                     .with(key_lengths{lengths, 2})
                     .with(on_out{plus_one{}})
                     .with(times{5});
  EXPECT_EQ(run_ones(a), (std::vector<double>{15, 15, 15, 15, 0, 0, 0, 0}));
}

// Three sequences of 2, 0 and 3 queries over 1, 2 and 3 keys; two heads over one.
TEST(reference, segments_are_sequences_of_their_own) {
  const index offsets[] = {0, 2, 2, 5}, key_offsets[] = {0, 1, 3, 6};
  std::vector<double> queries, keys, values, out(10, nan);
  for (int n = 0; n < 10; ++n) queries.push_back(n + 1);
  for (int n = 0; n < 6; ++n) keys.push_back(n + 1), values.push_back(1 << n);
  const double slopes[] = {0.25, 0.5};
  const auto a = softmax_attention{}.with(causal{}).with(alibi{slopes, 2});
  reference::forward(a.with(segments{offsets, 3, key_offsets}), lhd(queries.data(), 5, 2, 1),
                     lhd(keys.data(), 6, 1, 1), lhd(values.data(), 6, 1, 1),
                     lhd(out.data(), 5, 2, 1));
  for (int s = 0; s < 3; ++s) {
    const index from = offsets[s], length = offsets[s + 1] - from;
    const index from_key = key_offsets[s], key_length = key_offsets[s + 1] - from_key;
    std::vector<double> wanted(static_cast<std::size_t>(2 * length), nan);
    reference::forward(a, lhd(queries.data() + 2 * from, length, 2, 1),
                       lhd(keys.data() + from_key, key_length, 1, 1),
                       lhd(values.data() + from_key, key_length, 1, 1),
                       lhd(wanted.data(), length, 2, 1));
    for (std::size_t n = 0; n < wanted.size(); ++n)
      EXPECT_EQ(out[static_cast<std::size_t>(2 * from) + n], wanted[n]) << s << ", " << n;
  }
}

TEST(reference, slots_know_the_number_of_a_segment_and_transforms_the_place) {
  const index offsets[] = {0, 1, 3};
  const double ones[] = {1, 1, 1}, values[] = {1, 10, 100};
  const index lengths[] = {1, 1};  // the second sequence sees the first of its two keys
  double out[3] = {};
  const auto a = attention<identity, unnormalized>{}
                     .with(scale{1})
                     .with(key_lengths{lengths, 2})
                     .with(segments{offsets, 2});
  reference::forward(a, ld(ones, 3, 1), ld(ones, 3, 1), ld(values, 3, 1), ld(out, 3, 1));
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[1], 10);
  EXPECT_EQ(out[2], 10);
  reference::forward(a.with(on_q{add{7, 0, 1}}), ld(ones, 3, 1), ld(ones, 3, 1), ld(values, 3, 1),
                     ld(out, 3, 1));
  EXPECT_EQ(out[1], 20);
  EXPECT_EQ(out[2], 30);
}

}  // namespace
