// Progress of a long run: interleaved repetitions are reported only at the end.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <regex>
#include <string>

namespace bench {

// A line on stderr at most every ten seconds: how many of the repetitions asked for have begun.
class progress {
 public:
  void set_repetitions(int n) { repetitions_ = n; }

  void expect(const std::string& name) try {
    const std::string filter = benchmark::GetBenchmarkFilter();
    const bool all = filter.empty() || filter == "all", rejects = filter.starts_with('-');
    const std::regex wanted(filter.substr(rejects ? 1 : 0), std::regex::extended);
    if (all || std::regex_search(name, wanted) != rejects) ++expected_;
  } catch (const std::regex_error&) {  // Google Benchmark reports it
  }

  // The first repetition of a run is called with more and more iterations until they take long
  // enough, each later one once.
  void show(const std::string& name, const benchmark::State& state) {
    benchmark::IterationCount& iterations = iterations_[name];
    if (iterations == 0 || iterations == state.max_iterations) ++begun_;
    iterations = state.max_iterations;
    const clock::time_point now = clock::now();
    if (now - last_ < std::chrono::seconds(10)) return;
    last_ = now;
    std::fprintf(stderr, "%4.0f s, %d of %d: %s\n",
                 std::chrono::duration<double>(now - start_).count(), begun_,
                 expected_ * repetitions_, name.c_str());
  }

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point start_ = clock::now(), last_ = start_;
  std::map<std::string, benchmark::IterationCount> iterations_;
  int repetitions_ = 1, expected_ = 0, begun_ = 0;
};

inline progress& progress_of_all() {
  static progress p;
  return p;
}

}  // namespace bench
