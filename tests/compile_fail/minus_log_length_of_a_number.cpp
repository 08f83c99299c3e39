// fails: skipmax: minus_log_length: found no divisor: wanted visible_keys{}
#include "skipmax/attention.hpp"

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  skipmax::sigmoid_attention{}.with(skipmax::minus_log_length{128}).forward(q, q, q, out);
}
