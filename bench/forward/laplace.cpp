#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_laplace(const options& o) {
  add_both(o, "laplace", pointwise<skipmax::laplace>{});
}

}  // namespace bench
