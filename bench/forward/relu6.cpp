#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_relu6(const options& o) {
  add_both(o, "relu6", pointwise<skipmax::relu6>{});
}

}  // namespace bench
