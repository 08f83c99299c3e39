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
TEST(half_bf16, special_numbers) {
  support::check_special_numbers<bf16, bf16, bf16, bf16>(relu_attention{});
  support::check_special_numbers<bf16, bf16, bf16, bf16>(softmax_attention{});
  support::check_copies<bf16, bf16>(softmax_attention{},
                                    has_pair_products<native_isa> ? 0x1p-126 : 0);
}

}  // namespace
