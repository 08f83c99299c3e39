#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_softplus(const options& o) {
  add_both(o, "softplus", pointwise<skipmax::softplus>{});
}

}  // namespace bench
