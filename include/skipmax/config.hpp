// Compiler checks, function attributes, the index type and size arithmetic, for all other headers.
#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(__GNUC__)
#error "skipmax needs g++ 12, clang 14 or newer."
#endif
#if __cplusplus < 202002L
#error "skipmax is C++20: compile with -std=c++20 or newer."
#endif
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "skipmax keeps NaN and infinity exact: build without -ffast-math and -ffinite-math-only."
#endif
#if defined(__ASSOCIATIVE_MATH__)  // g++ drops x + c - c, which rounds to a whole number
#error \
    "skipmax relies on the order of sums: build without -fassociative-math and -funsafe-math-optimizations."
#endif

// For functions that must leave no symbol behind: if two translation units are built for different
// instruction sets, the linker would keep one version for both.
#define SKIPMAX_INLINE __attribute__((always_inline)) inline
#define SKIPMAX_LAMBDA __attribute__((always_inline))
#define SKIPMAX_NOINLINE __attribute__((noinline))

namespace skipmax {
inline namespace v0 {

using index = std::int64_t;  // every length, stride and offset: sizes beyond 2^31 are ordinary here

// n / d rounded up, and n rounded up to a multiple; n is at least 0, the other at least 1.
SKIPMAX_INLINE constexpr index ceil_div(index n, index d) {
  return (n + d - 1) / d;
}
SKIPMAX_INLINE constexpr index round_up(index n, index multiple) {
  return ceil_div(n, multiple) * multiple;
}

}  // namespace v0
}  // namespace skipmax
