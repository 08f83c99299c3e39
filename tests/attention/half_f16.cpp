// q, k, v and out all in f16, and float beside 16 bits.
#include "half.hpp"

namespace {

using namespace skipmax;
using support::check_half;

TEST(half_f16, relu) {
  check_half<f16, f16, f16, f16>(relu_attention{}, 100, support::no_mask_at_all);
  check_half<f16, f16, f16, f16>(relu_attention{}, 200, support::padded);
}
TEST(half_f16, softmax) {
  check_half<f16, f16, f16, f16>(softmax_attention{}, 300, support::diagonal);
}
TEST(half_f16, special_numbers) {
  support::check_special_numbers<f16, f16, f16, f16>(relu_attention{});
  support::check_copies<f16, f16>(softmax_attention{}, 0);
  support::check_copies<f16, float>(softmax_attention{}, 0);
}
TEST(half_f16, caches_beside_float) {
  check_half<float, bf16, bf16, float>(softmax_attention{}, 400, support::no_mask_at_all);
  check_half<float, f16, f16, float>(relu_attention{}, 500, support::padded);
}
TEST(half_f16, float_results) {
  check_half<bf16, bf16, f16, float>(relu_attention{}, 600, support::no_mask_at_all);
}

}  // namespace
