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
// Whole blocks of such rows are not packed. A scale may be no power of two, or turn the sign.
template <class Attention>
void check_rows_of_64(const Attention& a) {
  support::half_errors errors;
  for (skipmax::index rows : {1, 13, 14, 28, 49, 61}) {
    const problem p{2, rows, 37, 4, 2, 64, 19};
    support::operands<bf16, bf16, bf16, bf16> in_place(p, 1, {.q = {"bhl", 0, 0}}),
        packed(p, 1, {.q = {"blh", 3, 1}});
    errors.add(a, in_place);
    run(a, packed);
    for (skipmax::index b = 0; b < p.batch; ++b)
      for (skipmax::index i = 0; i < rows; ++i)
        for (skipmax::index h = 0; h < p.heads; ++h)
          for (skipmax::index d = 0; d < p.value_dim; ++d)
            ASSERT_EQ(in_place.out.at(b, i, h, d).bits, packed.out.at(b, i, h, d).bits) << rows;
  }
  errors.expect_at_most_twice();
}
TEST(half_bf16, rows_of_64_and_their_scale) {
  for (double factor : {0.125, 0.3, -0.3}) {
    check_rows_of_64(relu_attention{}.with(scale{factor}));
    check_rows_of_64(squared_relu_attention{}.with(scale{factor}));
    check_rows_of_64(softmax_attention{}.with(scale{factor}));
    check_rows_of_64(relu_attention{}.with(relu6{}).with(scale{factor}).with(causal{}));
  }
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
