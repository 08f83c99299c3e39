// The tasks of one call, shared between the caller and the helpers that come while it runs: what
// thread_pool and eigen_thread_pool have in common.
//
//   gate = calls open (0 or 1) * opened + helpers inside
//
// A helper counts itself in, and reads the call only if the gate was open at that moment; the
// caller shuts the gate and leaves when it is empty. So a helper that wakes too late costs nothing:
// nobody waits for it, and it finds the gate shut.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {

inline constexpr std::size_t cache_line = 64;  // bytes; what two threads write lies this far apart

// Where threads wait for a word to change. With a mutex, because std::atomic::wait is all templates:
// code that the linker would share between two instruction sets.
template <class Isa>
class sleepers {
 public:
  // Returns once the word has left the value seen. It looks for some tens of microseconds, the gap
  // between two parts of a small call, and then sleeps: other programs want the core too.
  SKIPMAX_INLINE void wait_for_change(const std::atomic<std::uint32_t>& word, std::uint32_t seen) {
    for (int look = 0; look < 500; ++look) {
      if (word.load(std::memory_order_acquire) != seen) return;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
      asm volatile("yield");
#endif
    }
    std::unique_lock<std::mutex> lock(mutex_);
    while (word.load(std::memory_order_acquire) == seen) changed_.wait(lock);
  }

  // After the change. The lock makes sure that nobody is between looking and falling asleep.
  SKIPMAX_INLINE void wake() {
    mutex_.lock();
    mutex_.unlock();
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

template <class Isa>
class shared_tasks {
 public:
  // Takes the board for the calling thread; false if a call holds it already. A thread that holds
  // it, or helps, must not wait for it: the caller of run() falls back to serial work instead.
  SKIPMAX_INLINE bool claim() {
    std::thread::id nobody;
    return owner_.compare_exchange_strong(nobody, std::this_thread::get_id(),
                                          std::memory_order_acquire, std::memory_order_relaxed);
  }

  // Runs f(task, worker) for every task in [0, tasks), on this thread as `worker` and on all that
  // help(); invite() calls them. Only after claim(), which it undoes. f must not throw.
  template <class F, class Invite>
  SKIPMAX_INLINE void run(index tasks, F& f, int worker, const Invite& invite) noexcept {
    drain_ = &drain<F>;
    f_ = const_cast<void*>(static_cast<const void*>(&f));
    tasks_ = tasks;
    next_.store(0, std::memory_order_relaxed);
    gate_.fetch_add(opened, std::memory_order_release);
    invite();
    drain<F>(*this, worker);
    std::uint32_t inside = gate_.fetch_sub(opened, std::memory_order_acq_rel) - opened;
    for (; inside != 0; inside = gate_.load(std::memory_order_acquire))
      caller_.wait_for_change(gate_, inside);
    owner_.store(std::thread::id(), std::memory_order_release);
  }

  // Works on the call that is open, if any.
  SKIPMAX_INLINE void help(int worker) noexcept {
    if (gate_.fetch_add(1, std::memory_order_acq_rel) & opened) drain_(*this, worker);
    if (gate_.fetch_sub(1, std::memory_order_release) == 1) caller_.wake();
  }

 private:
  static constexpr std::uint32_t opened = 1u << 31;

  template <class F>
  static void drain(shared_tasks& shared, int worker) {
    auto& f = *static_cast<F*>(shared.f_);
    const index tasks = shared.tasks_;
    for (;;) {
      const index task = shared.next_.fetch_add(1, std::memory_order_relaxed);
      if (task >= tasks) return;
      f(task, worker);
    }
  }

  alignas(cache_line) std::atomic<index> next_{0};  // every worker writes it, once per task
  alignas(cache_line) std::atomic<std::uint32_t> gate_{0};
  std::atomic<std::thread::id> owner_{};
  sleepers<Isa> caller_;
  void (*drain_)(shared_tasks&, int) = nullptr;  // written only while the gate is shut
  void* f_ = nullptr;
  index tasks_ = 0;
};

}  // namespace v0
}  // namespace skipmax
