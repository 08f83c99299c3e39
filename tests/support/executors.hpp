// Executors for tests: one thread, tasks in an unusual order, changing worker numbers.
#pragma once

#include <numeric>
#include <utility>
#include <vector>

#include "skipmax/config.hpp"
#include "support/random.hpp"

namespace support {

using skipmax::index;

// The last task first; the worker numbers go round.
struct reversed {
  int workers = 1;

  int concurrency() const { return workers; }

  template <class F>
  void for_each_task(index tasks, F&& f) const {
    for (index task = tasks - 1; task >= 0; --task) f(task, static_cast<int>(task % workers));
  }
};

// Any order, any worker for any task.
struct shuffled {
  int workers = 1;
  std::uint64_t seed = 1;

  int concurrency() const { return workers; }

  template <class F>
  void for_each_task(index tasks, F&& f) const {
    std::vector<index> order(static_cast<std::size_t>(tasks));
    std::iota(order.begin(), order.end(), index{0});
    for (std::size_t n = order.size(); n > 1; --n)
      std::swap(order[n - 1], order[mixed(seed, n) % n]);
    for (index task : order) f(task, whole(seed, static_cast<std::uint64_t>(task), 0, workers - 1));
  }
};

}  // namespace support
