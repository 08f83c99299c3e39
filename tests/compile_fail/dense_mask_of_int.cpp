// fails: skipmax: dense_mask takes a byte for each key: bool or std::uint8_t
#include "skipmax/attention.hpp"

void use(const int* flags, skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  skipmax::relu_attention{}.with(skipmax::dense_mask{flags, 1, 1, 9, 9}).forward(q, q, q, out);
}
