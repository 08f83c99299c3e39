// fails among others: skipmax: a tensor expression has no memory to view: evaluate it into a Tensor
#include "skipmax/eigen/tensor.hpp"

auto view(Eigen::Tensor<float, 4, Eigen::RowMajor>& t) {
  return skipmax::as_blhd(t + t);
}
