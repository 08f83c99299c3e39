// fails among others: batch_bool.*to .*bool
// with: -march=skylake-avx512
#include "skipmax/attention.hpp"

// A register compared with a register is no bool, whatever AVX-512 makes of it.
struct leaky {
  template <class V>
  V value(V s) const {
    return s > V(0) ? s : V(0.125) * s;
  }
};

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  skipmax::relu_attention{}.with(leaky{}).forward(q, q, q, out);
}
