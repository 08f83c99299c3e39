// The one inner loop of the library: a register tile of A B added up over depth.
//
//   acc[r][v] += a[r * RowStride + x] * b[x * b_stride + v * lanes ..],  x = 0 .. depth - 1
//
// a is read by broadcasts, RowStride apart, a compile-time number, so that one pointer addresses all
// rows; b by whole aligned registers.
#pragma once

#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/xsimd_compat.hpp"

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

  template <int RowStride>
  SKIPMAX_INLINE void multiply_add(const T* a, const T* b, index b_stride, index depth) {
    using V = simd<T, Isa>;
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
        V row(a[r * RowStride]);
        keep_in_register(row);
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) at[r][v] = compat::fma(row, column[v], at[r][v]);
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
