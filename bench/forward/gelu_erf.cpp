#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_gelu_erf(const options& o) {
  add_both(o, "gelu_erf", pointwise<skipmax::gelu_erf>{});
}

}  // namespace bench
