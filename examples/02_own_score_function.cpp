// A score function of your own, leaky relu: h(s) = s where s > 0, slope s elsewhere. It is checked
// first, then used in place of relu.
#include <cstdio>
#include <skipmax/skipmax.hpp>
#include <skipmax/testing/check_score_function.hpp>

namespace math = skipmax::math;

struct leaky_relu {
  double slope = 0.1;

  template <class V>  // a SIMD register of float or double, or one number
  SKIPMAX_INLINE V value(V s) const {
    return math::select(s > math::constant<V>(0), s, math::constant<V>(slope) * s);
  }
  template <class V>  // for training only
  SKIPMAX_INLINE V derivative(V s) const {
    return math::select(s > math::constant<V>(0), math::constant<V>(1), math::constant<V>(slope));
  }
};

int main() {
  // Registers against numbers, the derivative against differences, NaN, infinity:
  const auto verdict = skipmax::testing::check_score_function(leaky_relu{});
  std::printf("leaky_relu: %s\n", verdict.text());

  // One query with the scores 2 and -2 for two keys, whose values are (1, 0) and (0, 1):
  Eigen::Matrix<float, 1, 2, Eigen::RowMajor> q{{2, 0}}, out;
  Eigen::Matrix<float, 2, 2, Eigen::RowMajor> k{{1, 0}, {-1, 0}}, v{{1, 0}, {0, 1}};
  using skipmax::as_ld;
  const auto attention = skipmax::relu_attention{}.with(leaky_relu{0.25}).with(skipmax::scale{1});
  attention.forward(as_ld(q), as_ld(k), as_ld(v), as_ld(out));

  std::printf("weights %g and %g, wanted 2 / 2 and 0.25 * -2 / 2\n", out(0), out(1));
  return verdict.ok() && out(0) == 1 && out(1) == -0.25f ? 0 : 1;
}
