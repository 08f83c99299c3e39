// fails: skipmax: gate: g is of another type than the tensors: wanted double
#include "skipmax/attention.hpp"

void use(const float* numbers, skipmax::tensor_view<const double> q,
         skipmax::tensor_view<double> out) {
  skipmax::relu_attention{}
      .with(skipmax::gate{skipmax::ld(numbers, 9, 64), skipmax::silu{}})
      .forward(q, q, q, out);
}
