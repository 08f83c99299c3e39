// fails: skipmax: as_blhd takes 4 dimensions .*for \[B, L, H \* D\] call as_blhd\(x, heads\), for \[L, H, D\] as_lhd
#include "skipmax/eigen/tensor.hpp"

auto view(Eigen::Tensor<float, 3, Eigen::RowMajor>& t) {
  return skipmax::as_blhd(t);
}
