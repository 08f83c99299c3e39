// compiles
#include "skipmax/skipmax.hpp"

void use(Eigen::Tensor<float, 4, Eigen::RowMajor>& row_major, Eigen::Tensor<float, 4>& column_major,
         Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>& m) {
  const auto a = skipmax::as_blhd(row_major), b = skipmax::as_dhlb(column_major),
             c = skipmax::as_ld(m);
  skipmax::relu_attention{}.forward(a, a, a, b);
  skipmax::relu_attention{}.forward(c, c, c, c);
}
