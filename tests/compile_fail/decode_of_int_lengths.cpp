// fails: skipmax: decode: the lengths are of another type: wanted skipmax::index
#include "skipmax/attention.hpp"

void use(skipmax::tensor_view<const float> q, const int* lengths, skipmax::tensor_view<float> out) {
  skipmax::relu_attention{}.decode(q, q, q, lengths, out);
}
