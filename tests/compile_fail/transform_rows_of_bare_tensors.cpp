// fails: skipmax: transform_rows takes tensor_views: wrap x and out, as in as_blhd\(x\)
#include "skipmax/skipmax.hpp"

void use(Eigen::Tensor<float, 4, Eigen::RowMajor>& t) {
  skipmax::transform_rows(skipmax::rms_norm<float>{}, t, t);
}
