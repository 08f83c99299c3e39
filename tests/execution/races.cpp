#define EIGEN_USE_THREADS  // what Eigen asks for before Tensor, to have ThreadPoolDevice

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "execution/race_calls.hpp"
#include "skipmax/eigen/thread_pool.hpp"
#include "skipmax/execution/thread_pool.hpp"

namespace {

TEST(races, serial_on_several_threads) {
  std::vector<std::thread> threads;
  for (int n = 0; n < 3; ++n)
    threads.emplace_back([] { support::same_bits_as_serial(skipmax::serial{}); });
  for (std::thread& t : threads) t.join();
}

TEST(races, thread_pool) {
  skipmax::thread_pool pool(3);
  support::same_bits_as_serial(pool);
}

TEST(races, eigen_thread_pool) {
  Eigen::ThreadPool threads(3);
  support::same_bits_as_serial(skipmax::eigen_thread_pool(threads));
}

}  // namespace
