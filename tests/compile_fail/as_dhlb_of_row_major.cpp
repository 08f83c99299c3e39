// fails: skipmax: as_dhlb takes a column-major tensor[,;] for a row-major one .*call as_blhd
#include "skipmax/eigen/tensor.hpp"

auto view(Eigen::Tensor<float, 4, Eigen::RowMajor>& t) {
  return skipmax::as_dhlb(t);
}
