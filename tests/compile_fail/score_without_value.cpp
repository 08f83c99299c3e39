// fails: skipmax: the score slot holds no score function: give it .*value
#include "skipmax/attention.hpp"

struct no_value {};

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  skipmax::attention<no_value>{}.forward(q, q, q, out);
}
