// fails: skipmax: q, k, v and out differ in element type: wanted all double, or each float, bf16 or f16
#include "skipmax/attention.hpp"

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<const double> k,
         skipmax::tensor_view<float> out) {
  skipmax::relu_attention{}.forward(q, k, q, out);
}
