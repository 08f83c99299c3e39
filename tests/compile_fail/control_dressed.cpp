// compiles
#include "skipmax/attention.hpp"

void use(const float* numbers, const bool* flags, const double* doubles,
         skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out,
         skipmax::tensor_view<const double> q_double, skipmax::tensor_view<double> out_double) {
  using namespace skipmax;
  relu_attention{}
      .with(qk_layernorm{head_vector{numbers, 64}, head_vector{numbers, 64}})
      .with(on_out{rms_norm{head_vector{numbers, 64}}})
      .with(gate{ld(numbers, 9, 64), silu{}})
      .with(dense_bias{numbers, 1, 1, 9, 9})
      .with(dense_mask{flags, 1, 1, 9, 9})
      .forward(q, q, q, out);
  relu_attention{}
      .with(qk_rmsnorm<double>{})
      .with(relative_bias{doubles, 1, -8, 17})
      .forward(q_double, q_double, q_double, out_double);
  relu_attention{}.with(on_out{layer_norm<float>{}}).with(on_q{no_transform{}});
  attention<relu, by_length<>, no_mask, no_cap, alibi>{}.forward(q, q, q, out);
}
