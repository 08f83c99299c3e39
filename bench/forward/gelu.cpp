#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_gelu(const options& o) {
  add_both(o, "gelu", pointwise<skipmax::gelu>{});
}

}  // namespace bench
