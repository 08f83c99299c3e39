// compiles
// with: -march=skylake-avx512
#include "skipmax/attention.hpp"

struct leaky {
  template <class V>
  V value(V s) const {
    return skipmax::math::select(s > V(0), s, V(0.125) * s);
  }
};

struct near_only {
  template <class V>
  V bias(skipmax::row_position at, skipmax::index key) const {
    using T = skipmax::math::element_t<V>;
    const V far = skipmax::math::lane_numbers<V>() + V(static_cast<T>(key - at.query));
    return skipmax::math::select(far > V(T(8)), V(T(-1)), V(T(0)));
  }
};

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  skipmax::relu_attention{}.with(leaky{}).with(near_only{}).forward(q, q, q, out);
}
