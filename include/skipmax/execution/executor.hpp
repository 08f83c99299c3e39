// An executor runs the independent tasks of a call, on some number of workers.
//
//   int concurrency();               // worker numbers are 0 .. concurrency() - 1; others trap
//   void for_each_task(index n, f);  // calls f(task, worker) once for each task in [0, n), in any
//                                    // order, and returns when all are done; no two calls at the
//                                    // same time may have the same worker number
//
// The library owns no threads. A call from inside a task runs inline.
#pragma once

#include <concepts>

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {
struct any_task {
  void operator()(index, int) const {}
};
}  // namespace detail

// A worker's slice of the scratch. Traps if the number is out of range, which would overrun memory.
template <class T>
SKIPMAX_INLINE T* slice_of_worker(T* slices, index slice, int worker, index workers) {
  if (worker < 0 || worker >= workers) __builtin_trap();
  return slices + worker * slice;
}

template <class E>
concept executor = requires(E& e, index tasks, detail::any_task f) {
  { e.concurrency() } -> std::convertible_to<int>;
  e.for_each_task(tasks, f);
};

// The number of workers. Asked once per call, since scratch is allocated for that many. The return
// type is deduced, so that this message comes before any follow-on errors.
template <class E>
SKIPMAX_INLINE auto workers_of(E& run) {
  static_assert(
      executor<E>,
      "skipmax: what follows out is no executor: wanted serial{}, a thread_pool, openmp{}, an "
      "eigen_thread_pool around one of Eigen's, or a type of yours with concurrency() and "
      "for_each_task(n, f), see skipmax/execution/executor.hpp; a workspace comes after it");
  return static_cast<index>(run.concurrency());
}

}  // namespace v0
}  // namespace skipmax
