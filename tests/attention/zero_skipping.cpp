// Value rows of zero weight are left out: the same bits, whatever the policy.
#include <limits>

#include "above.hpp"
#include "support/bits.hpp"
#include "support/check.hpp"
#include "support/executors.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

const problem shapes[] = {{1, 1, 300, 1, 1, 64, 64},  {2, 49, 49, 2, 2, 64, 64},
                          {1, 33, 65, 4, 2, 17, 33},  {1, 29, 1100, 1, 1, 8, 200},
                          {1, 15, 288, 1, 1, 16, 24}, {1, 43, 290, 1, 1, 64, 130},
                          {1, 20, 0, 1, 1, 8, 8},     {1, 3, 17, 1, 1, 5, 1}};

template <class T, class Attention>
void check_policies(const Attention& a) {
  std::uint64_t seed = 0;
  for (const problem& p : shapes) {
    ++seed;
    support::operands<T> x(p, seed, support::mixed_layouts(seed));
    support::check_against_reference(a.with(skip_zeros::always), x);
    support::operands<T> dense(p, seed), automatic(p, seed);
    support::run(a.with(skip_zeros::never), dense);
    support::run(a, automatic);
    EXPECT_TRUE(support::same_bits(x.out.read(), dense.out.read())) << support::text(p);
    EXPECT_TRUE(support::same_bits(automatic.out.read(), dense.out.read())) << support::text(p);
  }
}

TEST(zero_skipping, every_share_of_zeros) {
  for (const double threshold : {-100.0, 0.0, 0.5, 1.0, 1.5, 100.0}) {
    if (support::sanitized && threshold != 0.0 && threshold != 1.0) continue;
    check_policies<float>(above_attention{{threshold}});
    check_policies<double>(above_attention{{threshold}});
  }
}
TEST(zero_skipping, relu) {
  check_policies<float>(relu_attention{}.with(causal{}));
}
TEST(zero_skipping, relu6) {
  check_policies<float>(attention<relu6, by_length<>>{}.with(sliding_window{40, 3}));
}
TEST(zero_skipping, squared_relu_divided_by_all_keys) {
  check_policies<double>(attention<squared_relu, by_length<all_keys>>{}.with(sliding_window{9, 9}));
}

TEST(zero_skipping, any_executor) {
  const above_attention a{{1.2}};
  for (const problem& p : shapes)
    support::expect_same_as_serial<float>(a, p, support::shuffled{3, 7}, "shuffled");
}

// The values of keys whose weight is zero for every query are not touched.
TEST(zero_skipping, values_of_zero_weight_are_not_read) {
  const problem p{1, 30, 300, 1, 1, 16, 40};
  support::operands<float> x(p, 3), y(p, 3);
  for (index i = 0; i < p.query_length; ++i) x.q.view().row(0, i, 0)[0] = 2;
  for (index j = 0; j < p.key_length; j += 7) {
    float* k = x.k.view().row(0, j, 0);
    for (index d = 0; d < p.key_dim; ++d) k[d] = d == 0 ? -1.0f : 0.0f;  // a score below zero
  }
  for (index i = 0; i < p.query_length; ++i) y.q.view().row(0, i, 0)[0] = 2;
  for (index j = 0; j < p.key_length; ++j)
    for (index d = 0; d < p.key_dim; ++d) y.k.view().row(0, j, 0)[d] = x.k.view().row(0, j, 0)[d];
  for (index j = 0; j < p.key_length; j += 7)
    for (index d = 0; d < p.value_dim; ++d)
      x.v.view().row(0, j, 0)[d] = std::numeric_limits<float>::quiet_NaN();
  support::run(relu_attention{}.with(skip_zeros::always), x);
  support::run(relu_attention{}.with(skip_zeros::never), y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

// A weight of NaN needs its value, too.
TEST(zero_skipping, keeps_nan) {
  const problem p{1, 16, 100, 1, 1, 16, 16};
  support::operands<float> x(p, 4);
  x.q.view().row(0, 5, 0)[2] = std::numeric_limits<float>::quiet_NaN();
  support::run(relu_attention{}.with(skip_zeros::always), x);
  for (index i = 0; i < p.query_length; ++i)
    for (index d = 0; d < p.value_dim; ++d) {
      const float found = x.out.view().row(0, i, 0)[d];
      EXPECT_EQ(found != found, i == 5) << "query " << i;
    }
}

// Softmax has no zeros to skip: the policy does not change its type or its result.
TEST(zero_skipping, nothing_to_skip) {
  const problem p{1, 16, 100, 1, 1, 16, 16};
  support::operands<float> x(p, 5), y(p, 5);
  support::run(softmax_attention{}.with(skip_zeros::always), x);
  support::run(softmax_attention{}, y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

}  // namespace
