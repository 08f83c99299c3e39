#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_softmax_halves(const options& o) {
  add_halves(o, "softmax", skipmax::softmax_attention{});
  add_functor<skipmax::bf16>(o.over_sweep(), "softmax", skipmax::softmax_attention{});
}

}  // namespace bench
