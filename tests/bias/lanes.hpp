// A bias, or a mask that hides single keys, as registers ask for it.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/xsimd_compat.hpp"

namespace support {

using skipmax::index;

// Every register of keys that exist holds, to the bit, what its lanes are alone.
template <class T, class Bias>
void expect_lanes(const Bias& bias, skipmax::row_position at) {
  using V = skipmax::simd<T, skipmax::native_isa>;
  using bits = skipmax::compat::bits_t<T>;
  constexpr index W = skipmax::lanes<T, skipmax::native_isa>;
  for (index key = 0; key + W <= at.key_length; ++key) {
    T found[W];
    bias.template bias<V>(at, key).store_unaligned(found);
    for (index i = 0; i < W; ++i) {
      const T wanted = bias.template bias<T>(at, key + i);
      ASSERT_EQ(std::bit_cast<bits>(found[i]), std::bit_cast<bits>(wanted))
          << "found " << found[i] << ", wanted " << wanted << ": query " << at.query << " of "
          << at.query_length << ", key " << key << " + " << i << " of " << at.key_length;
    }
  }
}

// The same for every row of a problem.
template <class T, class Bias>
void expect_lanes_of_all_rows(const Bias& bias, const skipmax::problem& p) {
  for (index b = 0; b < p.batch; ++b)
    for (index h = 0; h < p.heads; ++h)
      for (index i = 0; i < p.query_length; ++i)
        expect_lanes<T>(bias, {b, h, i, p.query_length, p.key_length});
}

// What check() says.
template <class Slot>
std::string complaint_about(const Slot& slot, const skipmax::problem& p) {
  skipmax::error_message error;
  slot.check(p, error);
  return error.text;
}

inline skipmax::problem sizes(index batch, index heads, index query_length, index key_length) {
  skipmax::problem p;
  p.batch = batch, p.heads = heads, p.kv_heads = heads;
  p.query_length = query_length, p.key_length = key_length;
  return p;
}

}  // namespace support
