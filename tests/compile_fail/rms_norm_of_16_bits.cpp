// fails: skipmax: rms_norm: the weights are of another type than the tensors: wanted double
#include "skipmax/attention.hpp"

void use(const skipmax::bf16* numbers, skipmax::tensor_view<const double> q,
         skipmax::tensor_view<double> out) {
  skipmax::relu_attention{}
      .with(skipmax::on_q{skipmax::rms_norm{skipmax::head_vector{numbers, 64}}})
      .forward(q, q, q, out);
}
