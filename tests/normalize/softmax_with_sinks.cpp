#include "skipmax/normalize/softmax_with_sinks.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "skipmax/attention.hpp"
#include "support/decode.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr float inf = std::numeric_limits<float>::infinity();

// Weights 2/10, 3/10 and 5/10, the last for the sink, whatever shift all scores have.
template <class T>
void check_shares(double shift, double tolerance) {
  const T q[] = {1}, v[] = {10, 100};
  const T k[] = {T(shift + std::log(2.)), T(shift + std::log(3.))};
  const float sinks[] = {static_cast<float>(shift + std::log(5.))};
  T out[1];
  softmax_attention{}
      .with(softmax_with_sinks{sinks, 1})
      .forward(ld(q, 1, 1), ld(k, 2, 1), ld(v, 2, 1), ld(out, 1, 1));
  EXPECT_NEAR(out[0], 2 + 30, tolerance) << shift;
}

TEST(softmax_with_sinks, shares) {
  check_shares<double>(0, 1e-5);  // sinks are float
  check_shares<double>(-90, 1e-3);
  check_shares<double>(700, 1e-2);
  check_shares<float>(0, 1e-5);
  check_shares<float>(90, 1e-3);
}

// A sink far above all scores takes all the weight, one far below none; -inf is no sink.
TEST(softmax_with_sinks, at_the_ends) {
  support::operands<float> x({1, 9, 70, 6, 6, 8, 5}), without(x.sizes);
  const float sinks[] = {1e30f, 200, -1e30f, -200, -inf, -0x1p127f};
  support::run(softmax_attention{}.with(softmax_with_sinks{sinks, 6}), x);
  support::run(softmax_attention{}, without);
  for (index i = 0; i < 9; ++i)
    for (index h = 0; h < 6; ++h)
      for (index d = 0; d < 5; ++d) {
        const float wanted = h < 2 ? 0 : without.out.at(0, i, h, d);
        ASSERT_NEAR(x.out.at(0, i, h, d), wanted, 2e-7f) << h;
      }
}

TEST(softmax_with_sinks, are_of_the_heads_of_q) {
  const float sinks[] = {0, 3, -2, 1.5f, 6, -inf};
  const auto a = softmax_attention{}.with(softmax_with_sinks{sinks, 6});
  support::check_against_reference<float>(a, {2, 33, 300, 6, 2, 20, 24});
  support::check_against_reference<float>(a, {1, 1, 49, 6, 1, 16, 16});
  support::check_against_reference<double>(a, {1, 17, 70, 6, 3, 8, 5});
}

TEST(softmax_with_sinks, decode) {
  const float sinks[] = {0, 3, -2, 1.5f, 6, 0.5f};
  const auto a = softmax_attention{}.with(softmax_with_sinks{sinks, 6});
  support::check_decode<float>(a, {2, 1, 700, 6, 2, 32, 40}, {700, 13});
  support::check_decode<float>(a, {1, 3, 300, 6, 1, 32, 32}, {2});  // the first query sees nothing
}

// The sink counts once, however many parts there are.
TEST(softmax_with_sinks, parts) {
  const float sinks[] = {0, 4};
  const auto a = softmax_attention{}.with(softmax_with_sinks{sinks, 2}).with(causal{});
  support::operands<float> x({1, 9, 600, 2, 1, 16, 16});
  support::run_in_parts(a, x, {0, 250, 250, 600});
  EXPECT_TRUE(support::close(x.out.read(), support::expect(a, x.q.read(), x.k.read(), x.v.read())));
}

// A norm of out turns zeros into its bias. It does so for a row that sees keys, however small their
// weights, but not for one that sees none.
TEST(softmax_with_sinks, a_row_that_sees_keys_is_not_empty) {
  const float sinks[] = {150}, bias[] = {7, 7, 7, 7};
  const auto a = softmax_attention{}
                     .with(softmax_with_sinks{sinks, 1})
                     .with(causal{})
                     .with(on_out{layer_norm<float>{{}, {bias, 4}, 1e-6}});
  support::operands<float> x({1, 2, 1, 1, 1, 4, 4});
  support::run(a, x);
  for (index d = 0; d < 4; ++d) {
    EXPECT_EQ(x.out.at(0, 0, 0, d), 0);
    EXPECT_EQ(x.out.at(0, 1, 0, d), 7);
  }
}

TEST(softmax_with_sinks, refuses) {
  const auto said = [](softmax_with_sinks n) {
    error_message error{};
    n.check(problem{1, 1, 1, 2, 2, 1, 1}, no_mask{}, error);
    return std::string(error.text);
  };
  const float sinks[] = {1, inf}, nan[] = {std::nanf(""), 0}, good[] = {-inf, 1e38f};
  EXPECT_EQ(said({good, 2}), "");
  EXPECT_EQ(
      said({good, 1}),
      "normalizer softmax_with_sinks: found 1 sinks, wanted one for each of the 2 heads of q");
  EXPECT_EQ(said({nullptr, 2}),
            "normalizer softmax_with_sinks: sinks: found a null pointer, wanted [2]");
  EXPECT_EQ(said({sinks, 2}),
            "normalizer softmax_with_sinks: sinks[1]: found inf, wanted a number below infinity");
  EXPECT_NE(said({nan, 2}).find("sinks[0]: found nan"), std::string::npos);
}

}  // namespace
