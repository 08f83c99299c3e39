// How far float results are from double on a long sequence: 8 heads, 4096 keys, d = 64, inputs
// N(0, 1), relative to the largest output. The bounds are our own: a plain float sum over the keys
// misses them.
//
// The largest error is that of the row with the largest scores, mostly from rounding those scores
// to float: it changes by half with the order of any sum. The root mean square does not.
#include <cmath>

#include "skipmax/attention.hpp"
#include "support/check.hpp"
#include "support/plain_half.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

void fill_normal(support::tensor<float>& x, std::uint64_t seed) {
  std::uint64_t n = 0;
  const auto view = x.view();
  for (index h = 0; h < view.heads; ++h)
    for (index l = 0; l < view.length; ++l)
      for (index d = 0; d < view.dim; ++d, n += 2)
        x.at(0, l, h, d) =
            static_cast<float>(std::sqrt(-2 * std::log(1 - support::uniform(seed, n, 0, 1))) *
                               std::cos(6.283185307179586 * support::uniform(seed, n + 1, 0, 1)));
}

struct difference {
  double largest, root_mean_square;
};

// 64 of the 4096 rows of each head: without a mask each is on its own.
template <class Attention>
difference error_of(const Attention& a) {
  support::operands<float> x({1, 64, 4096, 8, 8, 64, 64});
  fill_normal(x.q, 1);
  fill_normal(x.k, 2);
  fill_normal(x.v, 3);
  support::run(a, x);
  std::vector<double> wanted(8 * 64 * 64);
  reference::forward(a, x.q.read(), x.k.read(), x.v.read(), lhd(wanted.data(), 64, 8, 64));
  double largest = 0;
  support::error_sum error;
  std::size_t n = 0;
  for (index i = 0; i < 64; ++i)
    for (index h = 0; h < 8; ++h)
      for (index d = 0; d < 64; ++d, ++n) {
        error.add(std::abs(static_cast<double>(x.out.at(0, i, h, d)) - wanted[n]));
        largest = std::max(largest, std::abs(wanted[n]));
      }
  return {error.largest / largest, error.mean() / largest};
}

template <class Attention>
void expect_error_of(const Attention& a, double largest, double root_mean_square) {
  const difference error = error_of(a);
  EXPECT_LE(error.largest, largest);
  EXPECT_LE(error.root_mean_square, root_mean_square);
}

TEST(accuracy, relu_family) {
  expect_error_of(relu_attention{}, 5e-7, 8e-8);
  expect_error_of(squared_relu_attention{}, 5e-7, 8e-8);
  expect_error_of(relu_attention{}.with(relu6{}), 5e-7, 8e-8);
}

TEST(accuracy, other_point_wise_functions) {
  expect_error_of(relu_attention{}.with(identity{}), 1e-6, 1e-7);
  expect_error_of(relu_attention{}.with(gelu{}), 1e-6, 1e-7);
  expect_error_of(relu_attention{}.with(gelu_erf{}), 1e-6, 1e-7);
  expect_error_of(relu_attention{}.with(silu{}), 1e-6, 1e-7);
  expect_error_of(relu_attention{}.with(softplus{}), 1e-6, 1e-7);
  expect_error_of(sigmoid_attention{}, 1e-6, 1e-7);
}

TEST(accuracy, softmax) {
  expect_error_of(softmax_attention{}, 1.2e-6, 1e-7);
}

}  // namespace
