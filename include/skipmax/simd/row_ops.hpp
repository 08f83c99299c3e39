// Operations on rows of scratch, which are aligned and padded to whole registers.
#pragma once

#include "skipmax/simd/math.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/transpose.hpp"

namespace skipmax {
inline namespace v0 {

// Sets the lanes outside [first, last) to fill in the two registers that hold the ends.
template <class Isa, class T>
SKIPMAX_INLINE void fill_outside(T* row, index first, index last, T fill) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  const V lane = math::lane_numbers<V>();
  if (const index edge = first % W; edge != 0) {
    T* at = row + (first - edge);
    xsimd::select(lane < V(static_cast<T>(edge)), V(fill), V::load_aligned(at)).store_aligned(at);
  }
  if (const index edge = last % W; edge != 0) {
    T* at = row + (last - edge);
    xsimd::select(lane < V(static_cast<T>(edge)), V::load_aligned(at), V(fill)).store_aligned(at);
  }
}

// result[r] = op over the lanes of rows[r], for `count` rows, a multiple of the lanes.
template <class Isa, class T, class Op>
SKIPMAX_INLINE void reduce_rows(const T* rows, int count, T* result, Op op) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>;
  for (int r = 0; r < count; r += W) {
    V row[W];
#pragma GCC unroll 16
    for (int i = 0; i < W; ++i) row[i] = V::load_aligned(rows + (r + i) * W);
    reduce_lanes(row, op).store_aligned(result + r);
  }
}

// row[0 .. width) *= factor, in whole registers.
template <class Isa, class T>
SKIPMAX_INLINE void scale_row(T* row, index width, T factor) {
  using V = simd<T, Isa>;
  for (index x = 0; x < width; x += lanes<T, Isa>)
    (V::load_aligned(row + x) * V(factor)).store_aligned(row + x);
}

// row[0 .. width) += other, in whole registers.
template <class Isa, class T>
SKIPMAX_INLINE void add_row(T* row, const T* other, index width) {
  using V = simd<T, Isa>;
  for (index x = 0; x < width; x += lanes<T, Isa>)
    (V::load_aligned(row + x) + V::load_aligned(other + x)).store_aligned(row + x);
}

template <class Isa, class T>
SKIPMAX_INLINE void clear_row(T* row, index width) {
  for (index x = 0; x < width; x += lanes<T, Isa>) simd<T, Isa>(T(0)).store_aligned(row + x);
}

// to[0 .. dim) = factor * from, rounded to the type of `to`, which is the caller's memory: it may
// have any alignment, and not one more element is written.
template <class Isa, class T, class S>
SKIPMAX_INLINE void store_scaled(S* to, const T* from, index dim, T factor) {
  using V = simd<T, Isa>;
  index x = 0;
  for (; x + lanes<T, Isa> <= dim; x += lanes<T, Isa>)
    store_rounded<Isa, T>(to + x, V::load_aligned(from + x) * V(factor));
  for (; x < dim; ++x) to[x] = static_cast<S>(from[x] * factor);
}

}  // namespace v0
}  // namespace skipmax
