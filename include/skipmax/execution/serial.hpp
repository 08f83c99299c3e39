// The default executor: every task in order, on the caller's thread.
#pragma once

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

struct serial {
  SKIPMAX_INLINE int concurrency() const { return 1; }

  template <class F>
  SKIPMAX_INLINE void for_each_task(index tasks, F&& f) const {
    for (index task = 0; task < tasks; ++task) f(task, 0);
  }
};

}  // namespace v0
}  // namespace skipmax
