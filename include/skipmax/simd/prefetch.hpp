// Fetches rows of a view into the L2 cache while other work goes on. What comes next is known long
// before it is needed, and no hardware prefetcher follows from one head to the next.
#pragma once

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

struct upcoming_rows {
  const char* data = nullptr;
  index rows = 0, row_bytes = 0, stride_bytes = 0;

  // Part `step` of `steps` equal parts.
  SKIPMAX_INLINE void fetch(index step, index steps) const {
    const index last = rows * (step + 1) / steps;
    for (index r = rows * step / steps; r < last; ++r)
      for (index x = 0; x < row_bytes; x += 64)
        __builtin_prefetch(data + r * stride_bytes + x, 0, 2);
  }
};

template <class T>
SKIPMAX_INLINE upcoming_rows upcoming(const T* row, index stride, index rows, index dim) {
  constexpr index bytes = sizeof(T);
  return {reinterpret_cast<const char*>(row), rows, dim * bytes, stride * bytes};
}

}  // namespace v0
}  // namespace skipmax
