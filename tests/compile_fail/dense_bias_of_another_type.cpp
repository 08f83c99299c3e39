// fails: skipmax: dense_bias holds numbers of another type than scores: give it a pointer to double for tensors of double, to float for all others
#include "skipmax/attention.hpp"

void use(const float* numbers, skipmax::tensor_view<const double> q,
         skipmax::tensor_view<double> out) {
  skipmax::relu_attention{}.with(skipmax::dense_bias{numbers, 1, 1, 9, 9}).forward(q, q, q, out);
}
