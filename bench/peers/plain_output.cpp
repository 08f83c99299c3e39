#include "peer.hpp"
#include "plain_eigen.hpp"

namespace bench {

tensor_view<const float> plain_output(const workload& w, weighing weigh) {
  static std::map<std::pair<std::string, weighing>, operands<float>> made;
  const auto [at, is_new] = made.try_emplace({w.name, weigh}, w);
  const operands<float>& x = at->second;
  if (is_new && weigh == weighing::relu)
    plain_forward<float>(w.causal, plain_relu{})(x, workers(1));
  if (is_new && weigh == weighing::softmax)
    plain_forward<float>(w.causal, plain_softmax{})(x, workers(1));
  return x.out;
}

}  // namespace bench
