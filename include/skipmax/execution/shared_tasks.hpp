// The tasks of one call, shared between the caller and the helper threads that join while it runs:
// what thread_pool and eigen_thread_pool have in common.
//
//   gate = calls open (0 or 1) * opened + helpers inside
//
// A helper adds itself to the gate and reads the call only if the gate was open at that moment. The
// caller shuts the gate and returns when no helper is inside. So a helper that wakes too late costs
// nothing: nobody waits for it, and it finds the gate shut.
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

inline constexpr std::size_t cache_line = 64;  // bytes; keeps apart what two threads write

// Where threads wait for a word to change. Uses a mutex: std::atomic::wait is all templates, whose
// code the linker would share between two instruction sets.
template <class Isa>
class sleepers {
 public:
  // Returns once the word differs from `seen`. Spins for some tens of microseconds, the gap between
  // two parts of a small call, and then sleeps: other programs want the core too.
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

  // Call after the change. The lock ensures that no thread is between looking and falling asleep.
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
  // Claims this object for a call of the calling thread; false if another call holds it. A thread
  // that holds it, or helps, must not wait for it: the executor then runs its tasks serially.
  SKIPMAX_INLINE bool claim() {
    std::thread::id nobody;
    return owner_.compare_exchange_strong(nobody, std::this_thread::get_id(),
                                          std::memory_order_acquire, std::memory_order_relaxed);
  }

  // Runs f(task, worker) for every task in [0, tasks), on this thread as `worker` and on those that
  // call help(); invite() must make them do so. Requires claim() and undoes it. f must not throw.
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

  // Works on the open call, if any.
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
