// OpenMP's threads as an executor: a parallel region in which each thread takes one task at a time.
//
//   attention.forward(q, k, v, out, skipmax::openmp{});    // as many threads as OpenMP would use
//   attention.forward(q, k, v, out, skipmax::openmp{4});   // at most 4
//
// Inside a parallel region, ours or the user's, a call runs inline. A task must not throw.
#pragma once

#if !defined(_OPENMP)
#error \
    "skipmax/execution/openmp.hpp needs OpenMP: compile and link with -fopenmp, or in CMake link OpenMP::OpenMP_CXX."
#endif

#include <omp.h>

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

struct openmp {
  int threads = 0;  // 0 or less: omp_get_max_threads()

  SKIPMAX_INLINE int concurrency() const { return threads > 0 ? threads : omp_get_max_threads(); }

  template <class F>
  SKIPMAX_INLINE void for_each_task(index tasks, F&& f) const noexcept {
    const int workers = concurrency();
    if (tasks <= 1 || workers == 1 || omp_in_parallel()) {
      // The user's region may have more threads than `workers`; alone in its call, 0 will do too.
      const int self = omp_get_thread_num();
      const int worker = self < workers ? self : 0;
      for (index task = 0; task < tasks; ++task) f(task, worker);
      return;
    }
    // The team has the same size for any number of tasks: a new size would cost new threads.
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers)
    for (index task = 0; task < tasks; ++task) f(task, omp_get_thread_num());
  }
};

}  // namespace v0
}  // namespace skipmax
