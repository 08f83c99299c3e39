// Where most weights are zero: relu, which leaves out their values, relu_dense, which does not, and
// softmax, which has no zeros.
#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_skipping_functors(const options& o) {
  const options zeros = o.over_if_standard(zero_workloads());
  const skipmax::relu_attention relu;
  add_functor<float>(zeros, "relu", relu);
  add_functor<float>(zeros, "relu_dense", relu.with(skipmax::skip_zeros::never));
  add_functor<float>(zeros, "softmax", skipmax::softmax_attention{});
}

}  // namespace bench
