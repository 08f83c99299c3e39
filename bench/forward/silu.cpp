#include "functors.hpp"
#include "runner.hpp"

namespace bench {

void add_silu(const options& o) {
  add_both(o, "silu", pointwise<skipmax::silu>{});
}

}  // namespace bench
