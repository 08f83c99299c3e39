// q, k, v and out all in bf16.
#include "half.hpp"

namespace {

using namespace skipmax;
using support::check_half;

TEST(half_bf16, relu) {
  check_half<bf16, bf16, bf16, bf16>(relu_attention{}, 100, support::no_mask_at_all);
  check_half<bf16, bf16, bf16, bf16>(relu_attention{}, 200, support::diagonal);
  check_half<bf16, bf16, bf16, bf16>(relu_attention{}, 300, support::padded);
}
TEST(half_bf16, softmax) {
  check_half<bf16, bf16, bf16, bf16>(softmax_attention{}, 400, support::no_mask_at_all);
  check_half<bf16, bf16, bf16, bf16>(softmax_attention{}, 500, support::diagonal);
}
// An output that is denormal has the same bits however many rows its block has.
TEST(half_bf16, denormal_sums) {
  const std::vector<bf16> q(14), k(2);
  std::vector<bf16> v(64), out(14 * 32);
  for (std::size_t d = 0; d < 32; ++d) v[d] = bf16(1.5e-38f);
  for (skipmax::index rows = 1; rows <= 14; ++rows) {
    softmax_attention{}.forward(ld(q.data(), rows, 1), ld(k.data(), 2, 1), ld(v.data(), 2, 32),
                                ld(out.data(), rows, 32));
    EXPECT_EQ(out[0].bits, bf16(7.5e-39f).bits) << rows;
  }
}
TEST(half_bf16, special_numbers) {
  support::check_special_numbers<bf16, bf16, bf16, bf16>(relu_attention{});
  support::check_special_numbers<bf16, bf16, bf16, bf16>(softmax_attention{});
  support::check_copies<bf16, bf16>(softmax_attention{},
                                    has_pair_products<native_isa> ? 0x1p-126 : 0);
}

}  // namespace
