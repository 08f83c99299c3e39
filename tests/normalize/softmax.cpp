#include "skipmax/normalize/softmax.hpp"

#include <cmath>

#include "skipmax/attention.hpp"
#include "support/bits.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

template <class T>
void check_sum(double tolerance) {
  for (index keys : {1, 7, 64, 300, 1000}) {
    support::operands<T> x({2, 33, keys, 2, 1, 20, 5});
    x.v.fill(1);
    support::run(softmax_attention{}, x);
    for (index b = 0; b < 2; ++b)
      for (index i = 0; i < 33; ++i)
        for (index h = 0; h < 2; ++h)
          for (index d = 0; d < 5; ++d) ASSERT_NEAR(x.out.at(b, i, h, d), 1, tolerance) << keys;
  }
}

TEST(softmax, the_weights_of_a_row_sum_to_one) {
  check_sum<float>(3e-6);
  check_sum<double>(5e-15);
}

TEST(softmax, one_key_takes_all) {
  support::operands<float> x({1, 9, 1, 1, 1, 20, 5});
  support::run(softmax_attention{}, x);
  for (index i = 0; i < 9; ++i)
    for (index d = 0; d < 5; ++d) EXPECT_FLOAT_EQ(x.out.at(0, i, 0, d), x.v.at(0, 0, 0, d));
}

// Scores 0, log 2, log 5 have weights 1/8, 2/8, 5/8, whatever shift all scores have.
template <class T>
void check_shares(double shift, double tolerance) {
  const T q[] = {1}, v[] = {8, 80, 800};
  const T k[] = {T(shift), T(shift + std::log(2.)), T(shift + std::log(5.))};
  T out[1];
  softmax_attention{}.forward(ld(q, 1, 1), ld(k, 3, 1), ld(v, 3, 1), ld(out, 1, 1));
  EXPECT_NEAR(out[0], 1 + 20 + 500, tolerance) << shift;
}

TEST(softmax, shares) {
  check_shares<double>(0, 1e-12);
  check_shares<double>(-700, 1e-9);
  check_shares<double>(700, 1e-9);
  check_shares<double>(1e5, 1e-7);
  check_shares<float>(0, 1e-3);
  check_shares<float>(64, 1e-2);
}

// The order of the keys does not matter, except for rounding.
TEST(softmax, keys_in_reverse) {
  support::operands<double> x({1, 9, 500, 1, 1, 8, 10}), y(x.sizes);
  for (index j = 0; j < 500; ++j) {
    for (index d = 0; d < 8; ++d) y.k.at(0, j, 0, d) = x.k.at(0, 499 - j, 0, d);
    for (index d = 0; d < 10; ++d) y.v.at(0, j, 0, d) = x.v.at(0, 499 - j, 0, d);
  }
  support::run(softmax_attention{}, x);
  support::run(softmax_attention{}, y);
  for (index i = 0; i < 9; ++i)
    for (index d = 0; d < 10; ++d) EXPECT_NEAR(x.out.at(0, i, 0, d), y.out.at(0, i, 0, d), 1e-14);
}

}  // namespace
