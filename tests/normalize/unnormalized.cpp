#include "skipmax/normalize/unnormalized.hpp"

#include "skipmax/attention.hpp"
#include "support/bits.hpp"

namespace {

using namespace skipmax;

TEST(unnormalized, is_by_length_with_alpha_zero) {
  for (const problem& p : {problem{2, 9, 31, 2, 1, 8, 10}, {1, 40, 600, 1, 1, 17, 33}}) {
    support::operands<float> x(p), y(p);
    support::run(relu_attention{}.with(unnormalized{}), x);
    support::run(relu_attention{}.with(by_length{0}), y);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << support::text(p);
  }
}

TEST(unnormalized, a_key_given_twice_counts_twice) {
  const float q[] = {1}, once[] = {2}, twice[] = {2, 2}, v[] = {3, 3};
  float out[2];
  const auto a = attention<silu, unnormalized>{};
  a.forward(ld(q, 1, 1), ld(once, 1, 1), ld(v, 1, 1), ld(out, 1, 1));
  a.forward(ld(q, 1, 1), ld(twice, 2, 1), ld(v, 2, 1), ld(out + 1, 1, 1));
  EXPECT_EQ(out[1], 2 * out[0]);
}

}  // namespace
