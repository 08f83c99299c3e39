#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_identity(const options& o) {
  add_both(o, "identity", pointwise<skipmax::identity>{});
}

}  // namespace bench
