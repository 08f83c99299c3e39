// Runs that must give the same bits.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "skipmax/slice.hpp"
#include "support/check.hpp"

namespace support {

// A call with any executor must give the bits that a serial call gives on the same numbers.
template <class T, class Attention, class Executor>
void expect_same_as_serial(const Attention& a, const problem& p, Executor&& executor,
                           const char* name) {
  operands<T> serial(p), other(p);
  run(a, serial);
  run(a, other, executor);
  EXPECT_TRUE(same_bits(serial.out.read(), other.out.read())) << name << ": " << text(p);
  EXPECT_TRUE(other.out.guards_intact()) << name << ": " << text(p);
}

}  // namespace support
