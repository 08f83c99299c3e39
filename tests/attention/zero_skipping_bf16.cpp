// The same for bf16, which is widened, or goes in pairs of keys: a pair needs its values if either
// of its weights is not zero.
#include <limits>

#include "above.hpp"
#include "support/bits.hpp"
#include "support/plain_half.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using operands = support::operands<bf16>;

template <class Attention>
void check_policies(const Attention& a) {
  const problem shapes[] = {{1, 1, 300, 1, 1, 64, 64},   {1, 29, 400, 2, 2, 64, 64},
                            {1, 33, 333, 4, 2, 17, 33},  {1, 14, 1100, 1, 1, 8, 200},
                            {2, 43, 290, 1, 1, 64, 130}, {1, 20, 0, 1, 1, 8, 8}};
  support::half_errors errors;
  std::uint64_t seed = 0;
  for (const problem& p : shapes) {
    ++seed;
    operands x(p, seed, support::mixed_layouts(seed)), dense(p, seed), automatic(p, seed);
    errors.add(a.with(skip_zeros::always), x);
    support::run(a.with(skip_zeros::never), dense);
    support::run(a, automatic);
    EXPECT_TRUE(support::same_bits(x.out.read(), dense.out.read())) << support::text(p);
    EXPECT_TRUE(support::same_bits(automatic.out.read(), dense.out.read())) << support::text(p);
  }
  errors.expect_at_most_twice();
}

TEST(zero_skipping_bf16, every_share_of_zeros) {
  for (const double threshold : {-100.0, 0.0, 1.0, 2.5})
    check_policies(above_attention{{threshold}});
}
TEST(zero_skipping_bf16, no_weight_at_all) {
  operands x({1, 20, 300, 1, 1, 16, 40});
  support::run(above_attention{{100}}, x);
  for (index i = 0; i < 20; ++i)
    for (index d = 0; d < 40; ++d) ASSERT_EQ(static_cast<float>(x.out.at(0, i, 0, d)), 0.0f);
}
TEST(zero_skipping_bf16, relu) {
  check_policies(relu_attention{}.with(causal{}));
  check_policies(relu_attention{}.with(sliding_window{140, 3}));
}

// The values of pairs of keys whose weights are zero for every query are not touched.
TEST(zero_skipping_bf16, values_of_zero_weight_are_not_read) {
  const problem p{1, 30, 300, 1, 1, 16, 40};
  operands x(p, 3), y(p, 3);
  const auto number = [](double value) { return support::number<bf16>(value); };
  for (index j = 0; j < p.key_length; j += j % 2 == 0 ? 1 : 9)
    for (operands* one : {&x, &y})
      for (index d = 0; d < p.key_dim; ++d)
        one->k.at(0, j, 0, d) = number(d == 0 ? -1 : 0);  // a score below zero
  for (index i = 0; i < p.query_length; ++i)
    for (operands* one : {&x, &y}) one->q.at(0, i, 0, 0) = number(2);
  for (index j = 0; j < p.key_length; j += j % 2 == 0 ? 1 : 9)
    for (index d = 0; d < p.value_dim; ++d)
      x.v.at(0, j, 0, d) = number(std::numeric_limits<double>::quiet_NaN());
  support::run(relu_attention{}.with(skip_zeros::always), x);
  support::run(relu_attention{}.with(skip_zeros::never), y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

// A weight of NaN needs its value, and so does the one beside it.
TEST(zero_skipping_bf16, keeps_nan) {
  const problem p{1, 16, 100, 1, 1, 16, 16};
  operands x(p, 4);
  x.q.at(0, 5, 0, 2) = support::number<bf16>(std::numeric_limits<double>::quiet_NaN());
  support::run(relu_attention{}.with(skip_zeros::always), x);
  for (index i = 0; i < p.query_length; ++i)
    for (index d = 0; d < p.value_dim; ++d)
      EXPECT_EQ(std::isnan(static_cast<float>(x.out.at(0, i, 0, d))), i == 5) << "query " << i;
}

}  // namespace
