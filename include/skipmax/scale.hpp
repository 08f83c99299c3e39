#pragma once

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

// The factor of <q, k>; 1 / sqrt(key dim) unless a value is given.
struct scale {
  SKIPMAX_INLINE constexpr scale() = default;
  SKIPMAX_INLINE constexpr explicit scale(double factor) : value(factor), is_default(false) {}

  double value = 0;
  bool is_default = true;
};

}  // namespace v0
}  // namespace skipmax
