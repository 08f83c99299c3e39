// Leaves the weights as they are, h(s), as in ReLA (arXiv 2104.07012), which normalizes its output.
#pragma once

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

struct unnormalized {
  static constexpr bool pointwise = true;  // nothing to carry from key to key

  SKIPMAX_INLINE double finish(double) const { return 1; }
};

}  // namespace v0
}  // namespace skipmax
