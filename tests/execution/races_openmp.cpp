#include <gtest/gtest.h>

#include "execution/race_calls.hpp"
#include "skipmax/execution/openmp.hpp"

// As in openmp.cpp: what the runtime of clang keeps until the process ends.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libomp";
}

namespace {

TEST(races, openmp) {
  support::same_bits_as_serial(skipmax::openmp{3});
}

}  // namespace
