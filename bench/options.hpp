// The command lines of bench_forward and bench_decode, apart from Google Benchmark's own flags.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "workloads.hpp"

namespace bench {

inline constexpr const char* forward_help =
    R"(Speed of the forward pass, one run per functor, number type, workload and number of threads:
  forward/<functor>/<f32, f64, bf16 or f16>/<workload>/threads:<n>

Counters:
  GFLOPS           4 B H Lq Lk d operations per call, half of that if causal
  of_peak          share of the peak: the best rate of multiply-adds alone, over 0.1 ms, that one thread reached
                   just before, times the workers
  of_sustained     share of the rate that multiply-adds alone held for 2 ms, times the workers
  zeros            share of the scores that are below zero
  ns_per_score     time of one score on all workers
  workspace_bytes  memory beyond q, k, v and out

Functors: those of the README; relu_dense skips no zeros, hstu is HSTU's attention, eigen_* are plain Eigen
(and, if the peers are built, openblas_*, onednn_*, libxsmm_*). Workloads, B x H heads of dim 64:
  vit_s32, vit_s16, vit_s8   vision transformers S/32, S/16, S/8: 32, 8, 2 x 6 heads of 49, 196, 784 positions
  long_4k                    8 heads of 4096
  causal_2k_d128             8 heads of 2048, dim 128, under a causal mask
  vit_s16_blhd, vit_s16_qkv  vit_s16 as [batch, length, heads, dim], and from one fused projection
  *_z50 .. *_z95             that share of the scores is below zero
  long_4k_w256               each query sees the last 256 keys
  ragged, equal              32 sequences of 10 to 1000 positions, and as many of their mean length
  hstu_1k                    8 x 4 heads of 1024, causal
  L:<n>                      of --sweep: one head of n

  --sweep                  measure lengths 49 .. 16384 of one head (workloads L:<n>) instead of the
                           workloads of the table
)";

inline constexpr const char* common_help =
    R"(  --shape B,H,Hkv,Lq,Lk,d  also measure this shape, as workload `custom` (then `custom_2`, ...)
  --threads n              also measure with n workers (of a skipmax::thread_pool)
  --help                   this

The times of two functors compare only within one process, interleaved:
  --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true, then the medians.
Pin it to a core (taskset -c 1). Flags of Google Benchmark:

)";

struct options {
  std::vector<workload> workloads = standard_workloads();
  std::vector<workload> sweep;  // only for the functors of the plot
  std::vector<int> threads{1};
  int repetitions = 1;  // for the progress report: the flag itself is Google Benchmark's

  options over(const std::vector<workload>& other) const {
    return {other, {}, threads, repetitions};
  }
  options over_sweep() const { return over(sweep); }
  // Over workloads that only some functors run; over none with --sweep.
  options over_if_standard(const std::vector<workload>& other) const {
    return over(sweep.empty() ? other : std::vector<workload>{});
  }
};

[[noreturn]] inline void fail(std::string_view flag, std::string_view found,
                              std::string_view wanted) {
  std::fprintf(stderr, "%.*s: found '%.*s', wanted %.*s\n", static_cast<int>(flag.size()),
               flag.data(), static_cast<int>(found.size()), found.data(),
               static_cast<int>(wanted.size()), wanted.data());
  std::exit(1);
}

// "1,2,3" as numbers; nothing if a part is not a whole number from 1 to 2^24.
inline std::vector<index> positive_numbers(std::string_view text) {
  std::vector<index> numbers;
  for (const char *at = text.data(), *end = at + text.size();; ++at) {
    index number = 0;
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < 1 || number > 1 << 24) return {};
    numbers.push_back(number);
    at = rest;
    if (at == end) return numbers;
    if (*at != ',') return {};
  }
}

inline workload parse_shape(std::string_view text, std::size_t how_many_before) {
  const std::vector<index> n = positive_numbers(text);
  if (n.size() != 6) fail("--shape", text, "B,H,Hkv,Lq,Lk,d: six whole numbers from 1 to 16777216");
  if (n[1] % n[2] != 0) fail("--shape", text, "B,H,Hkv,Lq,Lk,d with H a multiple of Hkv");
  double elements = 1;  // of the largest operand; plain Eigen also stores one head's scores
  for (index x : {n[0], n[1], std::max(n[3], n[4]), n[5]}) elements *= static_cast<double>(x);
  if (std::max(elements, static_cast<double>(n[3]) * static_cast<double>(n[4])) > 1e10)
    fail("--shape", text, "at most 1e10 elements in an operand and in one head's scores");
  const std::size_t number = how_many_before + 1;
  return {number == 1 ? "custom" : "custom_" + std::to_string(number),
          n[0],
          n[1],
          n[2],
          n[3],
          n[4],
          n[5]};
}

inline int parse_threads(std::string_view text) {
  const std::vector<index> n = positive_numbers(text);
  if (n.size() != 1 || n[0] > 1024) fail("--threads", text, "a whole number from 1 to 1024");
  return static_cast<int>(n[0]);
}

// Takes our own flags out of argv, `--flag value` or `--flag=value`, and leaves the rest.
inline options take_options(int& argc, char** argv) {
  options o;
  std::vector<workload> custom;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view flag = argument.substr(0, argument.find('='));
    const auto value = [&]() -> std::string_view {
      if (flag.size() < argument.size()) return argument.substr(flag.size() + 1);
      return i + 1 < argc ? argv[++i] : "";
    };
    if (flag == "--shape") {
      custom.push_back(parse_shape(value(), custom.size()));
    } else if (flag == "--threads") {
      const int n = parse_threads(value());
      if (std::find(o.threads.begin(), o.threads.end(), n) == o.threads.end())
        o.threads.push_back(n);
    } else if (argument == "--sweep") {
      o.sweep = sweep_workloads();
    } else {
      if (flag == "--benchmark_repetitions" && flag.size() < argument.size())
        o.repetitions = std::max(1, std::atoi(argument.data() + flag.size() + 1));
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  argv[kept] = nullptr;
  if (!o.sweep.empty()) o.workloads.clear();
  o.workloads.insert(o.workloads.end(), custom.begin(), custom.end());
  return o;
}

}  // namespace bench
