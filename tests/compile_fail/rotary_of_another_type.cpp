// fails: skipmax: rotary: turns are of another type than scores
#include "skipmax/attention.hpp"

void f(const double* turns, skipmax::tensor_view<float> x) {
  skipmax::softmax_attention{}
      .with(skipmax::on_q{skipmax::rotary{turns, 10, 8}})
      .forward(x, x, x, x);
}
