#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_relu_halves(const options& o) {
  add_halves(o, "relu", skipmax::relu_attention{});
  add_functor<skipmax::bf16>(o.over_sweep(), "relu", skipmax::relu_attention{});
}

}  // namespace bench
