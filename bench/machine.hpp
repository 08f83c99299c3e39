// Where the numbers were measured, for the head of every report: the processor, the instruction
// set, the compiler, and the peak at the start.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "limits.hpp"

namespace bench {

// The value of the first `key : value` line of /proc/cpuinfo, or nothing.
inline std::string cpu_info(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with(key) && colon != std::string::npos &&
        line.find_last_not_of(" \t", colon - 1) + 1 == key.size())
      return line.substr(colon + 2);
  }
  return {};
}

// Virtual machines often say no more than the brand, so family and model go with it.
inline std::string cpu_name() {
  const std::string name = cpu_info("model name");
  if (name.empty()) return "unknown processor";
  const std::string family = cpu_info("cpu family"), model = cpu_info("model");
  return model.empty() ? name : name + " (family " + family + ", model " + model + ")";
}

inline std::string compiler_name() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
  return "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif
}

inline std::string with_one_decimal(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", x);
  return text;
}

inline void add_machine_context() {
  benchmark::AddCustomContext("cpu", cpu_name());
  benchmark::AddCustomContext("isa", skipmax::native_isa::arch::name());
  benchmark::AddCustomContext("compiler", compiler_name());
  benchmark::AddCustomContext("fma_peak_f32", with_one_decimal(multiply_add_peak<float>(20)));
  benchmark::AddCustomContext("fma_peak_f64", with_one_decimal(multiply_add_peak<double>(20)));
}

}  // namespace bench
