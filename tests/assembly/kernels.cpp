#include "skipmax/attention.hpp"

using view = skipmax::tensor_view<const NUMBER>;

void use(view q, view k, view v, skipmax::tensor_view<NUMBER> out) {
  skipmax::relu_attention{}.forward(q, k, v, out);
  skipmax::softmax_attention{}.with(skipmax::causal{}).forward(q, k, v, out);
}
