// fails: skipmax: finish takes a tensor_view: wrap out, as in as_blhd\(out\)
#include "skipmax/skipmax.hpp"

void use(Eigen::Tensor<float, 4, Eigen::RowMajor>& t) {
  skipmax::partial<float> part;
  skipmax::relu_attention{}.finish(part, t);
}
