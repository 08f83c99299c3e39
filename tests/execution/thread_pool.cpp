#include "skipmax/execution/thread_pool.hpp"

#include <string>

#include "check_executor.hpp"
#include "support/count_allocations.hpp"

namespace {

using skipmax::thread_pool;

static_assert(skipmax::executor<thread_pool>);
static_assert(skipmax::executor<const thread_pool>);

TEST(thread_pool, counts_the_caller) {
  for (const int workers : {1, 2, 5}) EXPECT_EQ(thread_pool(workers).concurrency(), workers);
}

TEST(thread_pool, refuses_to_have_no_worker) {
  for (const int workers : {0, -3}) {
    try {
      thread_pool pool(workers);
      FAIL() << "thread_pool(" << workers << ") was made";
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(), "skipmax: thread_pool: workers: found " + std::to_string(workers) +
                                  ", wanted at least 1");
    }
  }
}

TEST(thread_pool, runs_every_task_once) {
  for (const int workers : {1, 2, 3, 8}) {
    thread_pool pool(workers);
    skipmax_test::every_task_runs_exactly_once(pool);
  }
}

TEST(thread_pool, works_on_all_threads_at_once) {
  for (const int workers : {1, 2, 4}) {
    thread_pool pool(workers);
    for (int call = 0; call < 20; ++call) skipmax_test::tasks_run_side_by_side(pool, workers);
  }
}

TEST(thread_pool, synchronizes_one_call_with_the_next) {
  for (const int workers : {2, 3}) {
    thread_pool pool(workers);
    skipmax_test::calls_follow_each_other(pool, 5000);
  }
}

TEST(thread_pool, wakes_after_its_threads_went_to_sleep) {
  thread_pool pool(3);
  for (int call = 0; call < 20; ++call) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    skipmax_test::tasks_run_side_by_side(pool, 3);
  }
}

TEST(thread_pool, runs_a_nested_call_inline_as_the_same_worker) {
  for (const int workers : {1, 2, 4}) {
    thread_pool pool(workers);
    skipmax_test::a_nested_call_runs_inline(pool);
  }
}

TEST(thread_pool, serves_several_callers_at_once) {
  for (const int workers : {1, 2, 3}) {
    thread_pool pool(workers);
    skipmax_test::callers_do_not_disturb_each_other(pool, 4, 300);
  }
}

// A task of one pool calls a second one, whose tasks call the first again.
TEST(thread_pool, may_call_another_pool_and_back) {
  thread_pool first(2), second(3);
  std::atomic<int> runs{0};
  first.for_each_task(6, [&](skipmax::index, int) {
    second.for_each_task(5, [&](skipmax::index, int) {
      first.for_each_task(4, [&](skipmax::index, int) { ++runs; });
    });
  });
  EXPECT_EQ(runs, 6 * 5 * 4);
}

TEST(thread_pool, comes_and_goes) {
  std::atomic<int> runs{0};
  for (int pools = 0; pools < 200; ++pools) {
    thread_pool pool(3);
    if (pools % 2 == 0) pool.for_each_task(4, [&](skipmax::index, int) { ++runs; });
  }
  EXPECT_EQ(runs, 100 * 4);
}

TEST(thread_pool, allocates_nothing_in_a_call) {
  thread_pool pool(3);
  std::atomic<int> runs{0};
  const int before = support::allocations;
  for (int call = 0; call < 100; ++call)
    pool.for_each_task(8, [&](skipmax::index, int) { ++runs; });
  EXPECT_EQ(support::allocations - before, 0);
  EXPECT_EQ(runs, 800);
}

}  // namespace
