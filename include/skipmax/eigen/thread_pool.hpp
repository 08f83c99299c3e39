// Eigen's thread pool as an executor.
//
//   Eigen::ThreadPool threads(4);
//   Eigen::ThreadPoolDevice device(&threads, 4);
//   skipmax::eigen_thread_pool pool(device);       // or pool(threads)
//   attention.forward(q, k, v, out, pool);
//
// Worker numbers are Eigen's thread numbers plus one; 0 is the caller, which works too, in place of
// one of the device's threads. A call from a pool thread, or from inside a task, runs inline. The
// wrapper is cheap: give each concurrent caller its own. A call allocates nothing here and
// schedules at most one closure per thread. Closures that start too late find nothing to do, so a
// pool busy with other work delays no call. The pool must outlive the wrapper, and a task must not
// throw. (Eigen's Cancel() drops closures without running them: a wrapper with closures still
// scheduled then leaks a few hundred bytes.)
#pragma once

#if __has_include(<Eigen/ThreadPool>)
#include <Eigen/ThreadPool>  // Eigen 5
#else
#include <unsupported/Eigen/CXX11/ThreadPool>  // Eigen 3.4
#endif

#include "skipmax/execution/shared_tasks.hpp"

namespace skipmax {
inline namespace v0 {

template <class Isa>
class basic_eigen_thread_pool {
 public:
  SKIPMAX_INLINE explicit basic_eigen_thread_pool(Eigen::ThreadPoolInterface& pool)
      : basic_eigen_thread_pool(pool, pool.NumThreads()) {}

  // Device is Eigen::ThreadPoolDevice. A template, since that exists only if EIGEN_USE_THREADS was
  // defined before Tensor was included. Its numThreads() bounds how many threads work at once.
  template <class Device>
  requires requires(const Device& device) { device.getPool()->CurrentThreadId(); }
  SKIPMAX_INLINE explicit basic_eigen_thread_pool(const Device& device)
      : basic_eigen_thread_pool(*device.getPool(), device.numThreads()) {}

  basic_eigen_thread_pool(const basic_eigen_thread_pool&) = delete;
  basic_eigen_thread_pool& operator=(const basic_eigen_thread_pool&) = delete;

  SKIPMAX_INLINE ~basic_eigen_thread_pool() { call_->release(); }

  SKIPMAX_INLINE int concurrency() const { return call_->pool.NumThreads() + 1; }

  template <class F>
  SKIPMAX_INLINE void for_each_task(index tasks, F&& f) const noexcept {
    const int worker = call_->pool.CurrentThreadId() + 1;
    const int helpers = static_cast<int>(tasks < threads_ ? tasks : threads_) - 1;
    if (helpers > 0 && worker == 0 && call_->shared.claim())
      return call_->shared.run(tasks, f, worker, [&]() SKIPMAX_LAMBDA { call_->invite(helpers); });
    for (index task = 0; task < tasks; ++task) f(task, worker);
  }

 private:
  // On the heap and reference-counted, because closures may outlive the wrapper. A closure is one
  // pointer, which std::function stores without allocating.
  struct call {
    Eigen::ThreadPoolInterface& pool;
    shared_tasks<Isa> shared;
    std::atomic<int> references{1};  // the wrapper and every closure that is not done
    std::atomic<int> waiting{0};     // closures that have not begun

    SKIPMAX_INLINE explicit call(Eigen::ThreadPoolInterface& p) : pool(p) {}

    // Closures still waiting from earlier calls serve as well as new ones.
    SKIPMAX_INLINE void invite(int helpers) {
      for (int i = waiting.load(); i < helpers; ++i) {
        references.fetch_add(1);
        waiting.fetch_add(1);
        pool.Schedule([self = this] {
          self->waiting.fetch_sub(1);  // first, or a call that begins now would count on it
          self->shared.help(self->pool.CurrentThreadId() + 1);
          self->release();
        });
      }
    }

    SKIPMAX_INLINE void release() {
      if (references.fetch_sub(1) == 1) delete this;
    }
  };

  SKIPMAX_INLINE basic_eigen_thread_pool(Eigen::ThreadPoolInterface& pool, int threads)
      : call_(new call(pool)), threads_(threads) {}

  call* call_;
  int threads_;
};

using eigen_thread_pool = basic_eigen_thread_pool<native_isa>;

}  // namespace v0
}  // namespace skipmax
