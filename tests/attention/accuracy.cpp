// How far float results are from double on a long sequence: 4096 keys, d = 64, inputs N(0, 1), in
// parts of the largest output. The bounds are ours to keep: a plain float sum over the keys misses
// them.
#include <cmath>

#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

void fill_normal(support::tensor<float>& x, std::uint64_t seed) {
  std::uint64_t n = 0;
  const auto view = x.view();
  for (index l = 0; l < view.length; ++l)
    for (index d = 0; d < view.dim; ++d, n += 2)
      x.at(0, l, 0, d) =
          static_cast<float>(std::sqrt(-2 * std::log(1 - support::uniform(seed, n, 0, 1))) *
                             std::cos(6.283185307179586 * support::uniform(seed, n + 1, 0, 1)));
}

// 256 of the 4096 rows: without a mask each is on its own.
template <class Attention>
double error_of(const Attention& a) {
  support::operands<float> x({1, 256, 4096, 1, 1, 64, 64});
  fill_normal(x.q, 1);
  fill_normal(x.k, 2);
  fill_normal(x.v, 3);
  support::run(a, x);
  std::vector<double> wanted(256 * 64);
  reference::forward(a, x.q.read(), x.k.read(), x.v.read(), ld(wanted.data(), 256, 64));
  double largest = 0, error = 0;
  for (index i = 0; i < 256; ++i)
    for (index d = 0; d < 64; ++d) {
      const double y = wanted[static_cast<std::size_t>(i * 64 + d)];
      const double off = std::abs(static_cast<double>(x.out.at(0, i, 0, d)) - y);
      largest = std::max(largest, std::abs(y));
      if (!(off <= error)) error = off;  // NaN stays
    }
  return error / largest;
}

TEST(accuracy, relu_family) {
  EXPECT_LE(error_of(relu_attention{}), 5e-7);
  EXPECT_LE(error_of(squared_relu_attention{}), 5e-7);
  EXPECT_LE(error_of(relu_attention{}.with(relu6{})), 5e-7);
}

TEST(accuracy, other_point_wise_functions) {
  EXPECT_LE(error_of(relu_attention{}.with(identity{})), 1e-6);
  EXPECT_LE(error_of(relu_attention{}.with(gelu{})), 1e-6);
  EXPECT_LE(error_of(relu_attention{}.with(gelu_erf{})), 1e-6);
  EXPECT_LE(error_of(relu_attention{}.with(silu{})), 1e-6);
  EXPECT_LE(error_of(relu_attention{}.with(softplus{})), 1e-6);
  EXPECT_LE(error_of(sigmoid_attention{}), 1e-6);
}

// Where a multiply-add rounds twice, 1.23e-6 was seen.
TEST(accuracy, softmax) {
#if defined(__x86_64__) && !defined(__FMA__)
  EXPECT_LE(error_of(softmax_attention{}), 1.3e-6);
#else
  EXPECT_LE(error_of(softmax_attention{}), 1.2e-6);
#endif
}

}  // namespace
