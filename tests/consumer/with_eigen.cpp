// The library over Eigen: equal keys, so that softmax is the mean of the values.
#include <cmath>
#include <cstdio>

#include "skipmax/skipmax.hpp"

int main() {
  Eigen::Tensor<float, 4, Eigen::RowMajor> q(1, 3, 2, 8), k(1, 5, 2, 8), v(1, 5, 2, 4),
      out(1, 3, 2, 4);
  q.setConstant(1);
  k.setConstant(1);
  for (int j = 0; j < 5; ++j) v.chip(j, 1).setConstant(static_cast<float>(j));

  using skipmax::as_blhd;
  skipmax::softmax_attention{}.forward(as_blhd(q), as_blhd(k), as_blhd(v), as_blhd(out));

  const float found = out(0, 2, 1, 3);
  std::printf("mean of 0 .. 4 = %g, wanted 2\n", static_cast<double>(found));
  return std::abs(found - 2) < 1e-6f ? 0 : 1;
}
