// The inner loop of the tile kernels: a register tile of A B, accumulated over depth.
//
//   acc[r][v] += a[r * RowStride + x] * b[x * b_stride + v * lanes ..],  x = 0 .. depth - 1
//
// a is read one element at a time, b in whole aligned registers. RowStride is a compile-time number
// so that one pointer addresses all rows of a. Both hold numbers, or pairs as in bf16_pair.hpp.
#pragma once

#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/register_block.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, class Isa, int MR, int NV>
struct accumulators {
  simd<T, Isa> at[MR][NV];

  SKIPMAX_INLINE void clear() {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) at[r][v] = simd<T, Isa>(T(0));
  }

  template <int RowStride, class E>
  SKIPMAX_INLINE void multiply_add(const E* packed_a, const E* packed_b, index b_stride,
                                   index depth) {
    using V = simd<T, Isa>;
    using any_number __attribute__((may_alias)) = T;  // a may lie in the caller's memory
    const auto* a = reinterpret_cast<const any_number*>(packed_a);
    const auto* b = reinterpret_cast<const T*>(packed_b);
#pragma GCC unroll 1
    for (index x = 0; x < depth; ++x, ++a, b += b_stride) {
      V column[NV];
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) {
        column[v] = V::load_aligned(b + v * lanes<T, Isa>);
        keep_in_register(column[v]);
      }
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r) {
        const auto row = row_operand<V>(a[r * RowStride]);
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) at[r][v] = multiply_packed<E>(row, column[v], at[r][v]);
      }
    }
  }

  // f(r, v, register) for each accumulator.
  template <class F>
  SKIPMAX_INLINE void for_each(F&& f) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) f(r, v, at[r][v]);
  }
};

}  // namespace v0
}  // namespace skipmax
