// Compiler switches, the index type and the names that every other header leans on.
#pragma once

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

// A function that must leave no symbol of its own behind: two translation units built for two
// instruction sets would otherwise share one of the two versions.
#define SKIPMAX_INLINE __attribute__((always_inline)) inline
#define SKIPMAX_LAMBDA __attribute__((always_inline))
#define SKIPMAX_NOINLINE __attribute__((noinline))

namespace skipmax {
inline namespace v0 {

using index = std::int64_t;  // every length, stride and offset: sizes beyond 2^31 are ordinary here

}  // namespace v0
}  // namespace skipmax
