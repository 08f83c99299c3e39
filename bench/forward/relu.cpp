#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_relu(const options& o) {
  add_both(o, "relu", skipmax::relu_attention{});
  add_functor<float>(o.over_sweep(), "relu", skipmax::relu_attention{});
  add_others(o, "relu", skipmax::relu_attention{});
}

}  // namespace bench
