#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_softmax(const options& o) {
  add_both(o, "softmax", skipmax::softmax_attention{});
  add_functor<float>(o.over_sweep(), "softmax", skipmax::softmax_attention{});
  add_others(o, "softmax", skipmax::softmax_attention{});
}

}  // namespace bench
