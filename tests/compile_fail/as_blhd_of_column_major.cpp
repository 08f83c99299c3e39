// fails: skipmax: as_blhd takes a row-major tensor[,;] for a column-major one .*call as_dhlb
#include "skipmax/eigen/tensor.hpp"

auto view(Eigen::Tensor<float, 4>& t) {
  return skipmax::as_blhd(t);
}
