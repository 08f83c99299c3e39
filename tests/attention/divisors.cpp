// The shipped divisors by their own types.
#include "skipmax/attention.hpp"
#include "support/check.hpp"
#include "support/every_slot.hpp"

namespace {

using namespace skipmax;

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

// All four say the same where no key is masked, to the bit.
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
