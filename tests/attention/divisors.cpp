// The shipped divisors by their own types.
#include <cmath>

#include "skipmax/attention.hpp"
#include "support/check.hpp"
#include "support/every_slot.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

template <class T, class Attention, class MakeNormalizer>
void check_shapes(const Attention& a, const MakeNormalizer& make) {
  for (std::uint64_t n = 0; n < 30; ++n) {
    const problem p = support::nth_shape(n);
    const support::slot_data data = support::make_slot_data(p, n);
    support::check_against_reference<T>(a.with(make(p, data)), p, n);
  }
}

const auto rows = [](const problem& p, const support::slot_data& data) {
  return per_row{data.divisors.data(), p.batch, p.query_length};
};
const auto shared_rows = [](const problem& p, const support::slot_data& data) {
  return per_row{data.divisors.data(), 1, p.query_length};
};

template <class T>
void check_by_length() {
  const auto a = relu_attention{}.with(causal{});
  check_shapes<T>(a, [](auto&&...) { return by_length{0.5, visible_keys{}}; });
  check_shapes<T>(a, [](auto&&...) { return by_length{1, all_keys{}}; });
  check_shapes<T>(a, [](auto&&...) { return by_length{2, fixed_number{7.5}}; });
  for (double alpha : {0., 0.3, 1., 1.5}) {
    check_shapes<T>(a, [=](auto& p, auto& data) { return by_length{alpha, rows(p, data)}; });
    check_shapes<T>(a, [=](auto& p, auto& data) { return by_length{alpha, shared_rows(p, data)}; });
  }
}

TEST(divisors, by_length_float) {
  check_by_length<float>();
}
TEST(divisors, by_length_double) {
  check_by_length<double>();
}

TEST(divisors, minus_log_length) {
  const auto a = sigmoid_attention{}.with(causal{});
  check_shapes<float>(a, [](auto&&...) { return minus_log_length{visible_keys{}}; });
  check_shapes<float>(a, [](auto&&...) { return minus_log_length{all_keys{}}; });
  check_shapes<float>(a, [](auto&&...) { return minus_log_length{fixed_number{7.5}}; });
  check_shapes<float>(a, [](auto& p, auto& data) { return minus_log_length{rows(p, data)}; });
}

// Float counts to 2^24. Here are 2^25 + 100 keys, all the same, of which one in a million is seen.
TEST(divisors, hidden_keys_beyond_what_float_counts) {
  const index keys = (index{1} << 25) + 100;
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(keys));
  for (std::size_t j = 0; j < seen.size(); j += 1000000) seen[j] = 1;
  const float one[] = {1};
  const auto q = ld(one, 1, 1), all = ld(one, keys, 1, {0, 0, 0});
  const auto a = relu_attention{}.with(dense_mask{seen.data(), 1, 1, 1, keys});
  float out[] = {0, 0, 0};
  a.forward(q, all, all, ld(out, 1, 1));
  a.decode(q, all, all, &keys, ld(out + 1, 1, 1));
  const auto sigmoids = a.with(sigmoid{}).with(minus_log_length{});
  sigmoids.forward(q, all, all, ld(out + 2, 1, 1));
  EXPECT_FLOAT_EQ(out[0], 1);
  EXPECT_FLOAT_EQ(out[1], 1);
  const float length = 34;
  EXPECT_NEAR(out[2], length / (1 + std::exp(std::log(length) - 1)), 1e-5f);
}

// A power of the divisor may be beyond float: a row of zeros stays zeros.
TEST(divisors, beyond_float) {
  const float q[] = {1}, k[] = {-1}, v[] = {1};
  float out[] = {5};
  relu_attention{}
      .with(by_length{2, fixed_number{1e-20}})
      .forward(ld(q, 1, 1), ld(k, 1, 1), ld(v, 1, 1), ld(out, 1, 1));
  EXPECT_EQ(out[0], 0);
}

// All four give the same bits if no key is masked.
TEST(divisors, agree_where_all_keys_are_visible) {
  const problem p{2, 9, 31, 2, 1, 8, 5};
  const std::vector<double> lengths(2 * 9, 31);
  support::operands<float> x(p), y(p);
  support::run(relu_attention{}, x);
  const auto same = [&](auto divisor) {
    support::run(relu_attention{}.with(by_length{1, divisor}), y);
    return support::same_bits(x.out.read(), y.out.read());
  };
  EXPECT_TRUE(same(all_keys{}));
  EXPECT_TRUE(same(fixed_number{31}));
  EXPECT_TRUE(same(per_row{lengths.data(), 1, 9}));
  EXPECT_TRUE(same(per_row{lengths.data(), 2, 9}));
}

}  // namespace
