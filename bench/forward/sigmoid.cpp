#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_sigmoid(const options& o) {
  add_both(o, "sigmoid", skipmax::sigmoid_attention{});
}

}  // namespace bench
