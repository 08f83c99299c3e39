#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_squared_relu(const options& o) {
  add_both(o, "squared_relu", skipmax::squared_relu_attention{});
}

}  // namespace bench
