// What every executor promises, as functions to call from a test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "skipmax/execution/executor.hpp"

namespace skipmax_test {

using skipmax::index;

// Holds a worker number while a task runs and counts what must not happen. The tasks only touch
// atomics: GoogleTest is asked once, at the end, on the test's own thread.
class worker_register {
 public:
  explicit worker_register(int workers)
      : workers_(workers), held_(new std::atomic<int>[static_cast<std::size_t>(workers)] {}) {}

  void enter(int worker) {
    if (worker < 0 || worker >= workers_)
      ++out_of_range_;
    else if (held_[static_cast<std::size_t>(worker)].exchange(1) != 0)
      ++shared_;
  }
  void leave(int worker) {
    if (worker >= 0 && worker < workers_) held_[static_cast<std::size_t>(worker)] = 0;
  }
  void expect_clean() const {
    EXPECT_EQ(out_of_range_, 0) << "worker numbers outside [0, " << workers_ << ")";
    EXPECT_EQ(shared_, 0) << "worker numbers held by two tasks at once";
  }

 private:
  int workers_;
  std::unique_ptr<std::atomic<int>[]> held_;
  std::atomic<int> out_of_range_{0}, shared_{0};
};

template <class Executor>
void every_task_runs_exactly_once(Executor& executor) {
  const index workers = executor.concurrency();
  for (const index tasks : {index{0}, index{1}, index{2}, workers, workers + 1, index{97}}) {
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
    worker_register workers_at_work(executor.concurrency());
    executor.for_each_task(tasks, [&](index task, int worker) {
      workers_at_work.enter(worker);
      ++runs[static_cast<std::size_t>(task)];
      std::this_thread::yield();
      workers_at_work.leave(worker);
    });
    workers_at_work.expect_clean();
    for (std::size_t task = 0; task < runs.size(); ++task)
      EXPECT_EQ(runs[task], 1) << "task " << task << " of " << tasks;
  }
}

// A plain variable per task: what a task wrote is there when the call returns, and what the caller
// wrote before is there for the task. ThreadSanitizer watches this one.
template <class Executor>
void calls_follow_each_other(Executor& executor, int calls) {
  std::vector<index> values(5, 0);
  for (int call = 0; call < calls; ++call) {
    executor.for_each_task(static_cast<index>(values.size()), [&](index task, int) {
      values[static_cast<std::size_t>(task)] += task;
    });
    for (index& value : values) ++value;
  }
  for (std::size_t task = 0; task < values.size(); ++task)
    EXPECT_EQ(values[task], calls * (static_cast<index>(task) + 1));
}

// `threads` tasks wait for each other: they only end if so many run at once.
template <class Executor>
void tasks_run_side_by_side(Executor& executor, int threads) {
  std::atomic<int> here{0};
  std::atomic<bool> late{false};
  executor.for_each_task(threads, [&](index, int) {
    ++here;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (here < threads && !late) {
      if (std::chrono::steady_clock::now() > deadline) late = true;
      std::this_thread::yield();
    }
  });
  EXPECT_FALSE(late) << here << " of " << threads << " tasks ran at once";
}

template <class Executor>
void a_nested_call_runs_inline(Executor& executor) {
  std::atomic<int> inner_runs{0}, elsewhere{0}, other_worker{0}, out_of_order{0};
  executor.for_each_task(20, [&](index, int outer_worker) {
    const auto outer_thread = std::this_thread::get_id();
    index next = 0;
    executor.for_each_task(7, [&](index task, int worker) {
      ++inner_runs;
      if (std::this_thread::get_id() != outer_thread) ++elsewhere;
      if (worker != outer_worker) ++other_worker;
      if (task != next++) ++out_of_order;
    });
    std::this_thread::yield();
  });
  EXPECT_EQ(inner_runs, 20 * 7);
  EXPECT_EQ(elsewhere, 0) << "inner tasks on another thread than their outer task";
  EXPECT_EQ(other_worker, 0) << "inner tasks with another worker number than their outer task";
  EXPECT_EQ(out_of_order, 0);
}

// Several threads call one executor at the same time.
template <class Executor>
void callers_do_not_disturb_each_other(Executor& executor, int callers, int calls) {
  std::atomic<index> runs{0};
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<worker_register>> registers;
  for (int caller = 0; caller < callers; ++caller)
    registers.push_back(std::make_unique<worker_register>(executor.concurrency()));
  for (int caller = 0; caller < callers; ++caller)
    threads.emplace_back([&, at_work = registers[static_cast<std::size_t>(caller)].get()] {
      for (int call = 0; call < calls; ++call) {
        std::vector<int> done(9, 0);  // plain: each call's tasks are its own
        executor.for_each_task(9, [&](index task, int worker) {
          at_work->enter(worker);
          ++done[static_cast<std::size_t>(task)];
          at_work->leave(worker);
        });
        for (const int one : done) runs += one;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& at_work : registers) at_work->expect_clean();
  EXPECT_EQ(runs, index{9} * callers * calls);
}

}  // namespace skipmax_test
