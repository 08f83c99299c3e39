// A pool of std::threads that the user makes and owns.
//
//   skipmax::thread_pool pool(2);                  // two workers: the caller and one thread
//   attention.forward(q, k, v, out, pool);
//
// The caller is worker 0 and works too. Tasks are handed out one by one through a counter, so
// uneven tasks balance. A call allocates nothing. A call from inside a task runs inline, with the
// worker number of that task. A call that finds the pool taken by another thread runs on its own
// thread, so any number of threads may share a pool. A task must not throw: std::terminate.
#pragma once

#include <memory>

#include "skipmax/error.hpp"
#include "skipmax/execution/shared_tasks.hpp"

namespace skipmax {
inline namespace v0 {

template <class Isa>
class basic_thread_pool {
 public:
  // `workers` counts the caller: thread_pool(1) starts no thread.
  SKIPMAX_INLINE explicit basic_thread_pool(int workers) : basic_thread_pool() {
    error_message error{};
    if (workers < 1)
      error << "skipmax: thread_pool: workers: found " << workers << ", wanted at least 1";
    throw_if(error);
    threads_ = std::make_unique<thread[]>(static_cast<std::size_t>(workers - 1));
    for (; helpers_ < workers - 1; ++helpers_)
      threads_[static_cast<std::size_t>(helpers_)].joined =
          std::thread([this, worker = helpers_ + 1] { work(worker); });
  }
  basic_thread_pool(const basic_thread_pool&) = delete;
  basic_thread_pool& operator=(const basic_thread_pool&) = delete;

  // Also runs when a thread cannot be started, since the constructor above delegates.
  SKIPMAX_INLINE ~basic_thread_pool() {
    stop_.store(true, std::memory_order_relaxed);
    call();
    for (int i = 0; i < helpers_; ++i) threads_[static_cast<std::size_t>(i)].joined.join();
  }

  SKIPMAX_INLINE int concurrency() const { return helpers_ + 1; }

  template <class F>
  SKIPMAX_INLINE void for_each_task(index tasks, F&& f) const noexcept {
    if (tasks > 1 && helpers_ > 0 && shared_.claim())
      return shared_.run(tasks, f, 0, [this]() SKIPMAX_LAMBDA { call(); });
    const int worker = this_worker();
    for (index task = 0; task < tasks; ++task) f(task, worker);
  }

 private:
  // Our own type, so that the functions that manage the array carry the ISA in their names.
  struct thread {
    std::thread joined;
  };

  basic_thread_pool() = default;

  // The worker number of the calling thread; 0 for threads that are not in this pool.
  SKIPMAX_INLINE int this_worker() const {
    const std::thread::id self = std::this_thread::get_id();
    for (int i = 0; i < helpers_; ++i)
      if (threads_[static_cast<std::size_t>(i)].joined.get_id() == self) return i + 1;
    return 0;
  }

  SKIPMAX_INLINE void call() const {
    calls_.fetch_add(1, std::memory_order_release);
    idle_.wake();
  }

  void work(int worker) {
    for (std::uint32_t seen = 0;;) {
      idle_.wait_for_change(calls_, seen);
      seen = calls_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      shared_.help(worker);
    }
  }

  mutable shared_tasks<Isa> shared_;
  alignas(cache_line) mutable std::atomic<std::uint32_t> calls_{0};
  std::atomic<bool> stop_{false};
  mutable sleepers<Isa> idle_;
  std::unique_ptr<thread[]> threads_;
  int helpers_ = 0;
};

using thread_pool = basic_thread_pool<native_isa>;

}  // namespace v0
}  // namespace skipmax
