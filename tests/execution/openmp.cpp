#include "skipmax/execution/openmp.hpp"

#include "check_executor.hpp"

// The OpenMP runtime of clang keeps what its threads allocated until the process ends, and no frame
// of ours is in those stacks: LeakSanitizer asks here which ones to leave out.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libomp";
}

namespace {

using skipmax::openmp;

static_assert(skipmax::executor<openmp>);
static_assert(skipmax::executor<const openmp>);

TEST(openmp, takes_as_many_threads_as_it_is_told) {
  EXPECT_EQ(openmp{}.concurrency(), omp_get_max_threads());
  EXPECT_EQ(openmp{3}.concurrency(), 3);
}

TEST(openmp, runs_every_task_once) {
  for (const int threads : {0, 1, 2, 3, 8}) {
    openmp executor{threads};
    skipmax_test::every_task_runs_exactly_once(executor);
  }
}

TEST(openmp, works_on_all_threads_at_once) {
  for (const int threads : {1, 2, 4}) {
    openmp executor{threads};
    skipmax_test::tasks_run_side_by_side(executor, threads);
  }
}

TEST(openmp, synchronizes_one_call_with_the_next) {
  openmp executor{2};
  skipmax_test::calls_follow_each_other(executor, 500);
}

TEST(openmp, runs_a_nested_call_inline_as_the_same_worker) {
  for (const int threads : {1, 2, 4}) {
    openmp executor{threads};
    skipmax_test::a_nested_call_runs_inline(executor);
  }
}

TEST(openmp, serves_several_callers_at_once) {
  openmp executor{2};
  skipmax_test::callers_do_not_disturb_each_other(executor, 3, 50);
}

// The user's own region is larger than the executor: the numbers stay in range.
TEST(openmp, runs_inline_inside_a_region_of_the_user) {
  std::atomic<int> runs{0}, out_of_range{0};
#pragma omp parallel num_threads(4)
  openmp{2}.for_each_task(5, [&](skipmax::index, int worker) {
    ++runs;
    if (worker < 0 || worker >= 2) ++out_of_range;
  });
  EXPECT_EQ(runs, 4 * 5);
  EXPECT_EQ(out_of_range, 0);
}

}  // namespace
