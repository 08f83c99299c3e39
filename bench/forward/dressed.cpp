// What vision transformers and language models put around their attention: norms and gates.
#include "functors.hpp"
#include "runner.hpp"

namespace bench {

using skipmax::gate;
using skipmax::qk_layernorm;
using skipmax::qk_rmsnorm;
using skipmax::silu;

void add_dressed_functors(const options& o) {
  const skipmax::relu_attention relu;
  using x_t = const operands<float>&;
  add_dressed<float>(o, "relu_qk_layernorm", [=](x_t x) {
    return relu.with(qk_layernorm{x.weight, x.weight});
  });
  add_dressed<float>(o, "relu_gated", [=](x_t x) { return relu.with(gate{x.gate}); });
  add_dressed<float>(o, "relu_gated_silu", [=](x_t x) { return relu.with(gate{x.gate, silu{}}); });
  add_dressed<float>(o, "relu_gated_qk_layernorm", [=](x_t x) {
    return relu.with(qk_layernorm{x.weight, x.weight}).with(gate{x.gate});
  });
  add_dressed<float>(o, "softmax_qk_rmsnorm", [=](x_t x) {
    return skipmax::softmax_attention{}.with(qk_rmsnorm{x.weight, x.weight});
  });
}

}  // namespace bench
