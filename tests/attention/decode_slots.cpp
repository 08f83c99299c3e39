// Decode in every slot, and the mistakes that it refuses before anything is written.
#include <stdexcept>
#include <string>

#include "support/any_dressing.hpp"
#include "support/any_slot.hpp"
#include "support/decode.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using lengths = std::vector<index>;

const problem shape{2, 3, 1100, 4, 2, 20, 24};
const lengths filled{1090, 41};

TEST(decode_slots, score_functions_caps_and_scales) {
  support::check_decode<float>(attention<gelu, by_length<>>{}, shape, filled);
  support::check_decode<float>(softmax_attention{}.with(softcap{2}).with(scale{0.3}), shape,
                               filled);
  support::check_decode<float>(squared_relu_attention{}.with(softcap{4}), shape, filled);
}

TEST(decode_slots, divisors) {
  const std::vector<double> of_rows{3, 5, 7, 11, 13, 17};
  const support::any_divisor divisors[] = {
      {visible_keys{}}, {all_keys{}}, {fixed_number{37}}, {per_row{of_rows.data(), 2, 3}}};
  for (const auto& divisor : divisors) {
    support::check_decode<float>(attention<relu, by_length<support::any_divisor>>{}.with(
                                     by_length<support::any_divisor>{1, divisor}),
                                 shape, filled);
    support::check_decode<float>(attention<sigmoid, minus_log_length<support::any_divisor>>{}.with(
                                     minus_log_length<support::any_divisor>{divisor}),
                                 shape, filled);
  }
}

template <class T, class Attention>
void check_dressed(const Attention& bare, int mask, int bias, int rows) {
  support::dressing<T> with(shape, shape, 17);
  const auto a = bare.with(with.mask(mask))
                     .with(with.bias(bias))
                     .with(on_q{with.norm(rows, shape.heads, shape.key_dim)})
                     .with(on_k{with.norm((rows + 1) % 3, shape.kv_heads, shape.key_dim)})
                     .with(on_out{with.norm(rows, shape.heads, shape.value_dim)})
                     .with(with.gate((rows + 2) % 3));
  // a norm of out magnifies earlier rounding by at most 1 / sqrt(eps) times weights of 2
  support::operands<T> x(shape, 19, support::mixed_layouts(19));
  support::run_decode(a, x, filled);
  const auto wanted = support::expect(support::as_forward(a, filled), x.q.read(), x.k.read(),
                                      x.v.read(), rows == 0 ? 3 : 60);
  EXPECT_TRUE(support::close(x.out.read(), wanted)) << "mask " << mask << ", bias " << bias;
  EXPECT_TRUE(x.out.guards_intact());
}

TEST(decode_slots, masks_biases_and_rows) {
  for (int mask = 0; mask < support::dressing<float>::mask_kinds; ++mask) {
    check_dressed<float>(softmax_attention{}, mask, mask % 4, mask % 3);
    check_dressed<float>(relu_attention{}, mask, (mask + 1) % 4, (mask + 1) % 3);
  }
}

TEST(decode_slots, masks_and_biases_of_their_own_types) {
  support::check_decode<float>(softmax_attention{}.with(sliding_window{200, 0}), shape, filled);
  support::check_decode<float>(relu_attention{}.with(sliding_window{5, 3}), shape, filled);
  const double slopes[] = {0.5, 0.25, 0.125, 0.0625};
  support::check_decode<float>(softmax_attention{}.with(alibi{slopes, 4}), shape, filled);
}

TEST(decode_slots, hidden_values_may_be_anything) {
  std::vector<std::uint8_t> shown(static_cast<std::size_t>(shape.key_length), 1);
  support::operands<float> x(shape), y(shape);
  for (index l = 0; l < shape.key_length; l += 3) {
    shown[static_cast<std::size_t>(l)] = 0;
    for (index b = 0; b < 2; ++b)
      for (index h = 0; h < 2; ++h)
        for (index d = 0; d < shape.value_dim; ++d)
          y.v.at(b, l, h, d) = y.k.at(b, l, h, d % shape.key_dim) = NAN;
  }
  std::vector<std::uint8_t> all;
  for (int n = 0; n < 3; ++n) all.insert(all.end(), shown.begin(), shown.end());
  const dense_mask mask{all.data(), 1, 1, 3, shape.key_length};
  const auto check = [&](const auto& a) {
    support::run_decode(a, x, filled);
    support::run_decode(a, y, filled);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
  };
  check(softmax_attention{}.with(mask));
  check(relu_attention{}.with(mask));
}

TEST(decode_slots, nan_that_is_seen_reaches_the_output) {
  support::operands<float> x(shape);
  x.k.at(0, 7, 1, 3) = NAN;
  x.v.at(1, 2, 0, 5) = NAN;
  const auto check = [&](const auto& a) {
    support::run_decode(a, x, filled);
    for (index i = 0; i < 3; ++i) {
      for (index d = 0; d < shape.value_dim; ++d) {
        EXPECT_TRUE(std::isnan(x.out.at(0, i, 2, d)) && std::isnan(x.out.at(0, i, 3, d)));
        EXPECT_FALSE(std::isnan(x.out.at(0, i, 0, d)) || std::isnan(x.out.at(1, i, 2, d)));
      }
      EXPECT_TRUE(std::isnan(x.out.at(1, i, 0, 5)));
      EXPECT_FALSE(std::isnan(x.out.at(1, i, 0, 6)));
    }
  };
  check(softmax_attention{});
  check(attention<sigmoid, by_length<>>{});  // not relu: it may leave out the value
}

template <class Attention>
void expect_error(const Attention& a, const index* of, const std::string& start,
                  const std::string& found, problem p = shape) {
  support::operands<float> x(p);
  const auto before = x.out.memory();
  std::string text = "no error";
  try {
    a.decode(x.q.read(), x.k.read(), x.v.read(), of, x.out.view());
  } catch (const std::invalid_argument& error) {
    text = error.what();
  }
  EXPECT_EQ(text.rfind("skipmax: " + start, 0), 0u) << text;
  EXPECT_NE(text.find("found " + found), std::string::npos) << text;
  EXPECT_NE(text.find("wanted "), std::string::npos) << text;
  EXPECT_TRUE(x.out.same_memory(before)) << text;
}

TEST(decode_slots, mistakes) {
  const relu_attention a;
  const index long_one[] = {1100, 1101}, negative[] = {-1, 3}, offsets[] = {0, 3};
  expect_error(a, long_one, "kv_lengths[1]: ", "1101, wanted 0 to 1100");
  expect_error(a, negative, "kv_lengths[0]: ", "-1");
  expect_error(a, nullptr, "kv_lengths: ", "a null pointer, wanted [2]");
  expect_error(a.with(segments{offsets, 1}), filled.data(), "segments: ", "1 sequences");
  expect_error(a.with(scale{INFINITY}), filled.data(), "scale: ", "inf");
  expect_error(a.with(sliding_window{-1, 0}), filled.data(), "mask sliding_window: ", "-1");
  expect_error(a, filled.data(), "k: heads: ", "3", {2, 3, 1100, 4, 3, 20, 24});
}

}  // namespace
