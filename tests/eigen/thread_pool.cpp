#define EIGEN_USE_THREADS  // what Eigen asks for before Tensor, to have ThreadPoolDevice

#if __has_include(<unsupported/Eigen/Tensor>)
#include <unsupported/Eigen/Tensor>
#else
#include <unsupported/Eigen/CXX11/Tensor>
#endif

#include "../execution/check_executor.hpp"
#include "skipmax/eigen/thread_pool.hpp"
#include "support/count_allocations.hpp"

namespace {

using skipmax::eigen_thread_pool;

static_assert(skipmax::executor<eigen_thread_pool>);
static_assert(skipmax::executor<const eigen_thread_pool>);

TEST(eigen_thread_pool, has_a_number_for_every_thread_and_the_caller) {
  Eigen::ThreadPool threads(3);
  EXPECT_EQ(eigen_thread_pool(threads).concurrency(), 4);
  // The device may take fewer threads, but which ones is up to the pool.
  const Eigen::ThreadPoolDevice device(&threads, 2);
  EXPECT_EQ(eigen_thread_pool(device).concurrency(), 4);
}

TEST(eigen_thread_pool, runs_every_task_once) {
  for (const int size : {1, 2, 3, 8}) {
    Eigen::ThreadPool threads(size);
    const Eigen::ThreadPoolDevice device(&threads, size);
    eigen_thread_pool pool(device);
    skipmax_test::every_task_runs_exactly_once(pool);
  }
}

TEST(eigen_thread_pool, works_on_as_many_threads_as_the_device_has) {
  Eigen::ThreadPool threads(4);
  for (const int share : {1, 2, 4}) {
    const Eigen::ThreadPoolDevice device(&threads, share);
    eigen_thread_pool pool(device);
    for (int call = 0; call < 20; ++call) skipmax_test::tasks_run_side_by_side(pool, share);
  }
}

TEST(eigen_thread_pool, synchronizes_one_call_with_the_next) {
  Eigen::ThreadPool threads(3);
  eigen_thread_pool pool(threads);
  skipmax_test::calls_follow_each_other(pool, 5000);
}

TEST(eigen_thread_pool, runs_a_nested_call_inline_as_the_same_worker) {
  for (const int size : {1, 2, 4}) {
    Eigen::ThreadPool threads(size);
    eigen_thread_pool pool(threads);
    skipmax_test::a_nested_call_runs_inline(pool);
  }
}

TEST(eigen_thread_pool, runs_inline_on_a_thread_of_the_pool) {
  Eigen::ThreadPool threads(2);
  const eigen_thread_pool pool(threads);
  std::atomic<int> runs{0}, elsewhere{0};
  Eigen::Barrier done(1);
  threads.Schedule([&] {
    const auto self = std::this_thread::get_id();
    pool.for_each_task(9, [&](skipmax::index, int worker) {
      ++runs;
      if (std::this_thread::get_id() != self || worker != threads.CurrentThreadId() + 1)
        ++elsewhere;
    });
    done.Notify();
  });
  done.Wait();
  EXPECT_EQ(runs, 9);
  EXPECT_EQ(elsewhere, 0);
}

TEST(eigen_thread_pool, serves_several_callers_at_once) {
  Eigen::ThreadPool threads(2);
  eigen_thread_pool shared(threads);
  skipmax_test::callers_do_not_disturb_each_other(shared, 4, 300);
}

// All threads of the pool are busy until the call is over: it must not wait for them.
TEST(eigen_thread_pool, does_not_wait_for_a_busy_pool) {
  Eigen::ThreadPool threads(2);
  std::atomic<bool> release{false};
  Eigen::Barrier released(2);
  for (int i = 0; i < 2; ++i)
    threads.Schedule([&] {
      while (!release) std::this_thread::yield();
      released.Notify();
    });
  std::atomic<int> runs{0};
  {
    const eigen_thread_pool pool(threads);
    for (int call = 0; call < 50; ++call)
      pool.for_each_task(6, [&](skipmax::index, int) { ++runs; });
  }  // the wrapper may be destroyed before the closures that it left in the pool
  release = true;
  released.Wait();
  EXPECT_EQ(runs, 300);
}

TEST(eigen_thread_pool, allocates_nothing_in_a_call) {
  Eigen::ThreadPool threads(2);
  const eigen_thread_pool pool(threads);
  std::atomic<int> runs{0};
  const int before = support::allocations;
  for (int call = 0; call < 100; ++call)
    pool.for_each_task(8, [&](skipmax::index, int) { ++runs; });
  EXPECT_EQ(support::allocations - before, 0);
  EXPECT_EQ(runs, 800);
}

}  // namespace
