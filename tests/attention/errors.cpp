// Every mistake is an std::invalid_argument that names the argument, what was found and what was
// wanted, before anything is written.
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// q [2, 9, 6, 5], k [2, 11, 3, 5], v [2, 11, 3, 7], out [2, 9, 6, 7]
const problem shape{2, 9, 11, 6, 3, 5, 7};

// Views of a call that is right.
struct call {
  support::operands<float> x{shape};
  tensor_view<const float> q = x.q.read(), k = x.k.read(), v = x.v.read();
  tensor_view<float> out = x.out.view();
};

template <class Attention>
std::string message(const Attention& a, const call& c) {
  try {
    a.forward(c.q, c.k, c.v, c.out);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

// The message begins with `skipmax: <argument>: ` and has "found ..." before "wanted ..."; nothing
// of out was written.
template <class Attention>
void expect_error(const Attention& a, const call& c, const std::string& argument,
                  const std::string& found, const std::string& wanted) {
  const auto before = c.x.out.memory();
  const std::string text = message(a, c);
  EXPECT_EQ(text.rfind("skipmax: " + argument, 0), 0u) << text;
  const auto at = text.find("found " + found);
  EXPECT_NE(at, std::string::npos) << text << "\n  wanted in it: found " << found;
  EXPECT_NE(text.find("wanted " + wanted, at), std::string::npos)
      << text << "\n  wanted in it: wanted " << wanted;
  EXPECT_TRUE(c.x.out.same_memory(before)) << text;
}

// The same for a mistake in the views: softmax and relu find it alike.
template <class Spoil>
void expect_view_error(const Spoil& spoil, const std::string& argument, const std::string& found,
                       const std::string& wanted) {
  call c;
  spoil(c);
  expect_error(relu_attention{}, c, argument + ": ", found, wanted);
  expect_error(softmax_attention{}, c, argument + ": ", found, wanted);
}

TEST(errors, the_call_that_the_others_spoil_is_right) {
  EXPECT_EQ(message(relu_attention{}, call{}), "no error");
}

TEST(errors, null_pointers) {
  expect_view_error([](call& c) { c.q.data = nullptr; }, "q", "a null pointer", "[2, 9, 6, 5]");
  expect_view_error([](call& c) { c.k.data = nullptr; }, "k", "a null pointer", "[2, 11, 3, 5]");
  expect_view_error([](call& c) { c.v.data = nullptr; }, "v", "a null pointer", "[2, 11, 3, 7]");
  expect_view_error([](call& c) { c.out.data = nullptr; }, "out", "a null pointer", "[2, 9, 6, 7]");
}

TEST(errors, a_null_fused_projection) {
  call c;
  const auto parts = split_qkv<const float>(nullptr, 2, 9, 6, 3, 5);
  c.q = parts.q, c.k = parts.k, c.v = parts.v;
  expect_error(relu_attention{}, c, "q: ", "a null pointer", "[2, 9, 6, 5]");
}

TEST(errors, batches_differ) {
  expect_view_error([](call& c) { c.k.batch = 3; }, "k", "3 in [3, 11, 3, 5]", "2");
  expect_view_error([](call& c) { c.v.batch = 1; }, "v", "1 in [1, 11, 3, 7]", "2");
  expect_view_error([](call& c) { c.out.batch = 1; }, "out", "1 in [1, 9, 6, 7]", "2");
}

TEST(errors, lengths_differ) {
  expect_view_error([](call& c) { c.v.length = 10; }, "v", "10 in [2, 10, 3, 7]", "11");
  expect_view_error([](call& c) { c.out.length = 8; }, "out", "8 in [2, 8, 6, 7]", "9");
}

TEST(errors, dims_differ) {
  expect_view_error([](call& c) { c.k.dim = 4; }, "k", "4 in [2, 11, 3, 4]", "5");
  expect_view_error([](call& c) { c.out.dim = 6; }, "out", "6 in [2, 9, 6, 6]", "7");
}

TEST(errors, heads_do_not_fit) {
  expect_view_error([](call& c) { c.k.heads = c.v.heads = 4; }, "k: heads", "4 in [2, 11, 4, 5]",
                    "a divisor of q's 6 heads");
  expect_view_error([](call& c) { c.k.heads = c.v.heads = 0; }, "k: heads", "0 in [2, 11, 0, 5]",
                    "a divisor of q's 6 heads");
  expect_view_error([](call& c) { c.k.heads = c.v.heads = 12; }, "k: heads", "12 in [2, 11, 12, 5]",
                    "a divisor of q's 6 heads");
  expect_view_error([](call& c) { c.v.heads = 2; }, "v: heads", "2 in [2, 11, 2, 7]", "3");
  expect_view_error([](call& c) { c.out.heads = 3; }, "out: heads", "3 in [2, 9, 3, 7]", "6");
}

TEST(errors, negative_sizes) {
  expect_view_error([](call& c) { c.q.batch = -1; }, "q", "[-1, 9, 6, 5]", "no negative size");
  expect_view_error([](call& c) { c.k.length = -11; }, "k", "[2, -11, 3, 5]", "no negative size");
  expect_view_error([](call& c) { c.v.heads = -3; }, "v", "[2, 11, -3, 7]", "no negative size");
  expect_view_error([](call& c) { c.out.dim = -7; }, "out", "[2, 9, 6, -7]", "no negative size");
}

TEST(errors, rows_of_out_overlap) {
  expect_view_error([](call& c) { c.out.length_stride = 0; }, "out: strides", "[",
                    "strides that nest");
  expect_view_error([](call& c) { c.out.head_stride = 6; }, "out: strides", "[",
                    "strides that nest");
  expect_view_error([](call& c) { c.out.head_stride = -6; }, "out: strides", "[",
                    "strides that nest");
  expect_view_error([](call& c) { c.out.batch_stride = 42; }, "out: strides", "[",
                    "strides that nest");
}

// Sizes whose product or whose last address does not fit 64 bits, though each one does.
TEST(errors, sizes_overflow) {
  const index huge = index{1} << 40;
  expect_view_error([=](call& c) { c.q.batch = c.q.length = huge; }, "q", "[1099511627776,",
                    "a size that fits 64 bits");
  expect_view_error(
      [=](call& c) {
        c.k.length = c.v.length = huge;
        c.k.length_stride = huge;
      },
      "k", "[2, 1099511627776, 3, 5] with strides [", "a size that fits 64 bits");
  expect_view_error([=](call& c) { c.v.batch_stride = std::numeric_limits<index>::max(); }, "v",
                    "[2, 11, 3, 7] with strides [9223372036854775807,", "a size that fits 64 bits");
  expect_view_error([=](call& c) { c.v.head_stride = std::numeric_limits<index>::min(); }, "v",
                    "[2, 11, 3, 7] with strides [", "a size that fits 64 bits");
  expect_view_error([=](call& c) { c.out.dim = std::numeric_limits<index>::max(); }, "out",
                    "[2, 9, 6, 9223372036854775807]", "a size that fits 64 bits");
  expect_view_error(
      [=](call& c) {
        c.k.batch = c.k.length = c.k.heads = huge;
        c.k.batch_stride = c.k.length_stride = c.k.head_stride = 0;
      },
      "k", "[1099511627776, 1099511627776,", "a size that fits 64 bits");
}

// A dim that a view can have, but that is too large for scratch.
TEST(errors, scratch_overflows) {
  call c;
  c.q = blhd(c.q.data, 1, 1, 1, index{1} << 59);
  c.k = blhd(c.k.data, 1, 1, 1, index{1} << 59);
  c.v = blhd(c.v.data, 1, 1, 1, 1);
  c.out = blhd(c.out.data, 1, 1, 1, 1);
  expect_error(relu_attention{}, c, "", "", "");
  expect_error(softmax_attention{}, c, "", "", "");
}

TEST(errors, out_is_an_input) {
  float memory[6 * 5 * 4] = {};
  call c;
  const auto same = blhd(memory, 1, 6, 5, 4);
  support::tensor<float> other(1, 6, 5, 4);
  other.fill(0);
  const auto text = [&](auto q, auto k, auto v) {
    c.q = q, c.k = k, c.v = v, c.out = same;
    return message(relu_attention{}, c);
  };
  for (const std::string& found :
       {text(same, other.read(), other.read()), text(other.read(), same, other.read()),
        text(other.read(), other.read(), same)})
    EXPECT_EQ(found.rfind("skipmax: out: memory: found an overlap with ", 0), 0u) << found;
}

// ---- numbers in the slots

TEST(errors, alpha) {
  for (double alpha : {-1., -1e-300, nan, infinity, -infinity})
    expect_error(relu_attention{}.with(by_length{alpha}), call{}, "normalizer by_length: alpha", "",
                 "a finite number, 0 or more");
  for (double alpha : {0., 2.5})
    EXPECT_EQ(message(relu_attention{}.with(by_length{alpha}), call{}), "no error");
}

TEST(errors, fixed_number) {
  for (double number : {0., -3., nan, infinity, -infinity}) {
    expect_error(relu_attention{}.with(by_length{1, fixed_number{number}}), call{},
                 "divisor fixed_number", "", "a finite number above 0");
    expect_error(sigmoid_attention{}.with(minus_log_length{fixed_number{number}}), call{},
                 "divisor fixed_number", "", "a finite number above 0");
  }
}

TEST(errors, per_row) {
  std::vector<double> numbers(18, 4);
  const auto with = [&](per_row divisor) { return relu_attention{}.with(by_length{1, divisor}); };
  EXPECT_EQ(message(with({numbers.data(), 2, 9}), call{}), "no error");
  EXPECT_EQ(message(with({numbers.data(), 1, 9}), call{}), "no error");
  expect_error(with({nullptr, 2, 9}), call{}, "divisor per_row", "a null pointer", "[2, 9]");
  expect_error(with({numbers.data(), 3, 9}), call{}, "divisor per_row", "[3, 9]", "[1 or 2, 9]");
  expect_error(with({numbers.data(), 2, 8}), call{}, "divisor per_row", "[2, 8]", "[1 or 2, 9]");
  for (double number : {0., -3., nan, infinity}) {
    numbers[9 + 4] = number;
    expect_error(with({numbers.data(), 2, 9}), call{}, "divisor per_row: row [1, 4]", "",
                 "a finite number above 0");
  }
}

// A divisor of 0 is wrong only if there is something to divide.
TEST(errors, per_row_zero_of_a_row_that_sees_nothing) {
  const double numbers[18] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  const index lengths[] = {11, 0};
  const auto a = relu_attention{}.with(by_length{1, per_row{numbers, 2, 9}});
  EXPECT_EQ(message(a.with(key_lengths{lengths, 2}), call{}), "no error");
  expect_error(a, call{}, "divisor per_row: row [1, 0]", "0", "a finite number above 0");
}

TEST(errors, scale) {
  for (double value : {infinity, -infinity, nan, 1e39, -1e39})
    expect_error(relu_attention{}.with(scale{value}), call{}, "scale", "",
                 "a finite number, at most 3.40282e+38 in size");
}

TEST(errors, softcap) {
  for (double limit : {0., -5., nan, infinity})
    expect_error(softmax_attention{}.with(softcap{limit}), call{}, "cap softcap: limit", "",
                 "a finite number greater than 0");
}

TEST(errors, sigmoid_bias) {
  for (double bias : {nan, infinity})
    expect_error(sigmoid_attention{}.with(sigmoid{bias}), call{}, "score sigmoid: bias", "",
                 "a finite number");
}

TEST(errors, key_lengths) {
  const index good[] = {11, 0, 5}, long_[] = {3, 12}, negative[] = {-1, 3};
  const auto a = softmax_attention{};
  EXPECT_EQ(message(a.with(key_lengths{good, 2}), call{}), "no error");
  expect_error(a.with(key_lengths{good, 3}), call{}, "mask key_lengths", "3 lengths",
               "one for each of the 2");
  expect_error(a.with(key_lengths{nullptr, 2}), call{}, "mask key_lengths", "a null pointer",
               "[2]");
  expect_error(a.with(key_lengths{long_, 2}), call{}, "mask key_lengths: lengths[1]", "12",
               "0 to 11");
  expect_error(a.with(both{key_lengths{negative, 2}, causal{}}), call{},
               "mask key_lengths: lengths[0]", "-1", "0 to 11");
}

}  // namespace
