// fails: skipmax: the view of a temporary tensor would dangle: give the tensor a name
#include "skipmax/eigen/tensor.hpp"

auto view() {
  return skipmax::as_blhd(Eigen::Tensor<float, 4, Eigen::RowMajor>(1, 2, 3, 4));
}
