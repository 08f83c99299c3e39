// fails: skipmax: gate takes a tensor_view: wrap g, as in as_blhd\(g\)
#include "skipmax/skipmax.hpp"

auto gated(Eigen::Tensor<float, 4, Eigen::RowMajor>& g) {
  return skipmax::relu_attention{}.with(skipmax::gate{g});
}
