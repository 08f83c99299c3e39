// Compiler switches, the index type, and the names and the arithmetic of sizes that every other header leans on.
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
#if defined(__ASSOCIATIVE_MATH__)  // g++ drops what rounds to a whole number, x + c - c
#error \
    "skipmax relies on the order of sums: build without -fassociative-math and -funsafe-math-optimizations."
#endif

// A function that must leave no symbol of its own behind: two translation units built for two
// instruction sets would otherwise share one of the two versions.
#define SKIPMAX_INLINE __attribute__((always_inline)) inline
#define SKIPMAX_LAMBDA __attribute__((always_inline))
#define SKIPMAX_NOINLINE __attribute__((noinline))

namespace skipmax {
inline namespace v0 {

using index = std::int64_t;  // every length, stride and offset: sizes beyond 2^31 are ordinary here

// n / d rounded up, and n up to the next multiple, for n from 0 and d from 1 on.
SKIPMAX_INLINE constexpr index ceil_div(index n, index d) {
  return (n + d - 1) / d;
}
SKIPMAX_INLINE constexpr index round_up(index n, index multiple) {
  return ceil_div(n, multiple) * multiple;
}

}  // namespace v0
}  // namespace skipmax
