#include "skipmax/execution/serial.hpp"

#include "check_executor.hpp"

namespace {

static_assert(skipmax::executor<skipmax::serial>);

TEST(serial, runs_every_task_once) {
  skipmax::serial executor;
  skipmax_test::every_task_runs_exactly_once(executor);
}

TEST(serial, has_one_worker_and_keeps_the_order) {
  const skipmax::serial executor;
  EXPECT_EQ(executor.concurrency(), 1);
  skipmax::index next = 0;
  executor.for_each_task(10, [&](skipmax::index task, int worker) {
    EXPECT_EQ(task, next++);
    EXPECT_EQ(worker, 0);
  });
  EXPECT_EQ(next, 10);
}

TEST(serial, nests) {
  skipmax::serial executor;
  skipmax_test::a_nested_call_runs_inline(executor);
}

}  // namespace
