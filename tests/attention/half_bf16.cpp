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
// Whole blocks of contiguous rows of 64 are not packed if they are aligned to 4 bytes. A scale may
// be no power of two, or negative.
template <class Attention>
void check_rows_of_64(const Attention& a) {
  support::half_errors errors;
  for (skipmax::index rows : {1, 13, 14, 28, 49, 61}) {
    // of 49 keys, one is scored by itself
    const problem p{2, rows, rows % 2 == 0 ? 37 : 49, 4, 2, 64, rows < 20 ? 19 : 32};
    support::operands<bf16, bf16, bf16, bf16> in_place(p, 1, {{"bhl", 0, 0}, {}, {}, {}}),
        unaligned(p, 1, {{"bhl", 0, 2}, {}, {}, {}}), odd(p, 1, {{"bhl", 0, 1}, {}, {}, {}}),
        packed(p, 1, {{"blh", 3, 1}, {}, {}, {}});
    errors.add(a, in_place);
    for (auto* other : {&unaligned, &odd, &packed}) {
      run(a, *other);
      for (skipmax::index b = 0; b < p.batch; ++b)
        for (skipmax::index i = 0; i < rows; ++i)
          for (skipmax::index h = 0; h < p.heads; ++h)
            for (skipmax::index d = 0; d < p.value_dim; ++d)
              ASSERT_EQ(in_place.out.at(b, i, h, d).bits, other->out.at(b, i, h, d).bits) << rows;
    }
  }
  errors.expect_at_most_twice();
}
TEST(half_bf16, rows_of_64_and_their_scale) {
  for (double factor : {0.125, 0.3, -0.3}) {
    if (support::sanitized && factor == 0.3) continue;
    check_rows_of_64(relu_attention{}.with(scale{factor}));
    check_rows_of_64(squared_relu_attention{}.with(scale{factor}));
    check_rows_of_64(relu_attention{}.with(identity{}).with(scale{factor}));
    check_rows_of_64(softmax_attention{}.with(scale{factor}));
    check_rows_of_64(relu_attention{}.with(relu6{}).with(scale{factor}).with(causal{}));
  }
}
TEST(half_bf16, scale_of_other_dims) {
  support::half_errors errors;
  for (skipmax::index dim : {1, 63, 65, 128})
    for (double factor : {-0.3, 1e-5, -3e4}) {
      support::operands<bf16, bf16, bf16, bf16> x({1, 15, 33, 2, 1, dim, 32});
      errors.add(relu_attention{}.with(scale{factor}), x);
    }
  errors.expect_at_most_twice();
}

// An output over values of 1, if all keys have the same score. Neither score / factor nor a sum of
// squares of the score leaves the range of float.
template <class Attention>
float of_equal_scores(const Attention& a, double factor, double score, skipmax::index dim) {
  const auto n = static_cast<std::size_t>(14 * dim);
  const std::vector<bf16> q(n, bf16(static_cast<float>(score / factor / static_cast<double>(dim)))),
      k(n, bf16(1)), v(14 * 32, bf16(1));
  std::vector<bf16> out(14 * 32);
  a.with(scale{factor})
      .forward(ld(q.data(), 14, dim), ld(k.data(), 14, dim), ld(v.data(), 14, 32),
               ld(out.data(), 14, 32));
  return static_cast<float>(out[5]);
}
TEST(half_bf16, extreme_scales) {
  for (skipmax::index dim : {1, 64, 66})
    for (double factor : {1e-30, 1e-24, 1e-20, -1e-20, 1e18, 1e30, -1e30})
      for (double score : {64.0, 0.01, -3.0}) {
        const double relu_of = score > 0 ? score : 0;
        EXPECT_NEAR(of_equal_scores(relu_attention{}, factor, score, dim), relu_of, 0.01 * relu_of);
        EXPECT_NEAR(of_equal_scores(squared_relu_attention{}, factor, score, dim),
                    relu_of * relu_of, 0.02 * relu_of * relu_of);
      }
  EXPECT_EQ(of_equal_scores(relu_attention{}, 1e-300, 0, 64), 0);  // as float it is 0
}
struct shifted_relu : relu {
  template <class V>
  V value(V s) const {
    return relu::value(s - skipmax::math::constant<V>(1));
  }
};
TEST(half_bf16, derived_from_relu) {
  EXPECT_EQ(of_equal_scores(relu_attention{}.with(shifted_relu{}), 0.125, 2, 64), 1);
}
// A denormal output has the same bits however many rows its block has.
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
