// compiles
#include "skipmax/attention.hpp"

struct triangle {
  template <class V>
  V value(V s) const {
    return skipmax::math::max(skipmax::math::constant<V>(1) - skipmax::math::abs(s),
                              skipmax::math::constant<V>(0));
  }
};

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  skipmax::attention<triangle>{}.forward(q, q, q, out);
  skipmax::relu_attention{}.with(triangle{}).with(skipmax::causal{}).forward(q, q, q, out);
}
