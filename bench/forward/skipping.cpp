// Workloads with many scores below zero: relu, which leaves out the value rows of zero weight,
// relu_dense, which does not, and softmax, which has no zeros.
#include "functors.hpp"
#include "runner.hpp"

namespace bench {

template <class T>
static void add_relu(const options& zeros) {
  const skipmax::relu_attention relu;
  add_functor<T>(zeros, "relu", relu);
  add_functor<T>(zeros, "relu_dense", relu.with(skipmax::skip_zeros::never));
}

void add_skipping_functors(const options& o) {
  const options zeros = o.over_if_standard(zero_workloads());
  add_relu<float>(zeros);
  add_functor<float>(zeros, "softmax", skipmax::softmax_attention{});
  add_relu<skipmax::bf16>(zeros);
}

}  // namespace bench
