// Turns functors into runs of Google Benchmark and measures them.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>

#include "machine.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"

namespace bench {

// The executor of a run: the calling thread alone (the default) or a pool.
class workers {
 public:
  explicit workers(int n) {
    if (n > 1) pool_ = std::make_unique<skipmax::thread_pool>(n);
  }
  int concurrency() const { return pool_ ? pool_->concurrency() : 1; }
  template <class F>
  void for_each_task(index tasks, F&& f) const {
    if (pool_)
      pool_->for_each_task(tasks, f);
    else
      skipmax::serial{}.for_each_task(tasks, f);
  }

 private:
  std::unique_ptr<skipmax::thread_pool> pool_;
};

inline const workers& workers_of(int n) {
  static std::map<int, workers> made;
  return made.try_emplace(n, n).first->second;
}

template <class T>
inline constexpr const char* dtype = std::is_same_v<T, skipmax::bf16>  ? "bf16"
                                     : std::is_same_v<T, skipmax::f16> ? "f16"
                                     : sizeof(T) == 4                  ? "f32"
                                                                       : "f64";

// One call of a functor; returns the bytes of memory it used beyond the operands.
template <class T>
using forward_call = std::function<index(const operands<T>&, const workers&)>;

// make(operands) returns the attention, some of whose slots point to operands.
template <class T, class Make>
forward_call<T> forward_of(const Make& make) {
  return [make, scratch = std::make_shared<skipmax::workspace>()](const operands<T>& x,
                                                                  const workers& on) {
    make(x).with(x.segments).forward(x.q, x.k, x.v, x.out, on, *scratch);
    return scratch->bytes();
  };
}

// Peak and sustained rate are measured again just before each run, since the clock frequency
// drifts. Rates are per wall clock time: Google Benchmark would use the time of the calling thread,
// and asking it for the wall clock changes the run's name.
template <class T>
void measure(benchmark::State& state, const workload& w, int threads,
             const forward_call<T>& forward) {
  const operands<T>& x = operands_of<T>(w);
  const workers& on = workers_of(threads);
  const double peak = multiply_add_peak<T>(4) * threads;
  const double sustained = sustained_multiply_add_rate<T>() * threads;
  index bytes = 0;
  const double time = seconds([&] {
    for (auto _ : state) bytes = forward(x, on);
  });
  const double calls = static_cast<double>(state.iterations());
  const double gflops = 1e-9 * w.flops() * calls / time;
  state.counters["GFLOPS"] = gflops;
  state.counters["of_peak"] = gflops / peak;
  state.counters["of_sustained"] = gflops / sustained;
  state.counters["ns_per_score"] = 1e9 * time / (calls * w.scores());
  state.counters["zeros"] = x.zeros;
  state.counters["workspace_bytes"] = static_cast<double>(bytes);
}

// A run that throws, most likely for want of memory, is skipped; the others go on.
template <class F>
void or_skip(benchmark::State& state, const F& run) {
  try {
    run();
  } catch (const std::exception& e) {
    state.SkipWithError(e.what());
  }
}

// Returns what is wrong with the output of a call, or "". Before the call, out is filled with NaN.
template <class T>
using output_check = std::function<std::string(const workload&, const operands<T>&)>;

// The first call, which allocates. Returns what the check, if there is one, says of its output.
template <class T>
std::string first_call(const workload& w, int threads, const forward_call<T>& forward,
                       const output_check<T>& check) {
  const operands<T>& x = operands_of<T>(w);
  if (check) fill_nan(x.out);
  forward(x, workers_of(threads));
  return check ? check(w, x) : "";
}

template <class T>
void add_run(const std::string& functor, const workload& w, int threads, forward_call<T> forward,
             output_check<T> check) {
  const std::string name =
      "forward/" + functor + "/" + dtype<T> + "/" + w.name + "/threads:" + std::to_string(threads);
  progress_of_all().expect(name);
  benchmark::RegisterBenchmark(name.c_str(), [=, warm = false, wrong = std::string()](
                                                 benchmark::State& state) mutable {
    progress_of_all().show(name, state);
    or_skip(state, [&] {
      if (!warm) wrong = first_call<T>(w, threads, forward, check);
      warm = true;
      if (wrong.empty())
        measure<T>(state, w, threads, forward);
      else
        state.SkipWithError(wrong.c_str());
    });
  })->Unit(benchmark::kMicrosecond);
}

// make(workload) returns the functor's call, with memory of its own, or an empty one to skip it.
template <class T, class Make>
void add_runs(const options& o, const std::string& functor, const Make& make,
              const output_check<T>& check = {}) {
  for (int threads : o.threads)
    for (const workload& w : o.workloads)
      if (const forward_call<T> forward = make(w)) add_run<T>(functor, w, threads, forward, check);
}

template <class T, class Make>
void add_dressed(const options& o, const std::string& functor, const Make& make) {
  add_runs<T>(o, functor, [&](const workload& w) {
    const auto with_diagonal = [make](const operands<T>& x) {
      return make(x).with(skipmax::causal{});
    };
    return w.causal ? forward_of<T>(with_diagonal) : forward_of<T>(make);
  });
}

template <class T, class Attention>
void add_functor(const options& o, const std::string& functor, const Attention& attention) {
  add_dressed<T>(o, functor, [=](const operands<T>&) { return attention; });
}

// Over workloads with a window and with sequences of many lengths.
template <class Attention>
void add_others(const options& o, const std::string& functor, const Attention& attention) {
  add_runs<float>(o.over_if_standard(other_workloads()), functor, [&](const workload& w) {
    const skipmax::sliding_window window{w.window - 1};
    return w.window > 0
               ? forward_of<float>([=](const operands<float>&) { return attention.with(window); })
               : forward_of<float>([=](const operands<float>&) { return attention; });
  });
}

template <class Attention>
void add_both(const options& o, const std::string& functor, const Attention& attention) {
  add_functor<float>(o, functor, attention);
  add_functor<double>(o, functor, attention);
}

// In the two 16-bit types.
template <class Attention>
void add_halves(const options& o, const std::string& functor, const Attention& attention) {
  add_functor<skipmax::bf16>(o, functor, attention);
  add_functor<skipmax::f16>(o, functor, attention);
}

// h(s) / L, the paper's form.
template <class Score>
using pointwise = skipmax::attention<Score, skipmax::by_length<>>;

// The main of a program whose runs `add` registers. Help is what --help begins with.
template <const char* const& Help = forward_help>
int run_all(int argc, char** argv, void (*add)(const options&)) {
  options o = take_options(argc, argv);
  benchmark::Initialize(&argc, argv, [] {
    std::fputs(Help, stdout);
    std::fputs(common_help, stdout);
    benchmark::PrintDefaultHelp();
  });
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  if (benchmark::GetBenchmarkFilter().find("L:") != std::string::npos) o.sweep = sweep_workloads();
  progress_of_all().set_repetitions(o.repetitions);
  add_machine_context();
  for (const workload& w : o.workloads)
    if (w.name.starts_with("custom")) benchmark::AddCustomContext(w.name, shape_of(w));
  add(o);
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}

}  // namespace bench
