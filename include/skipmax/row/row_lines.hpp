// The last pass of a norm: a linear function, the line, for each row, and a learned weight and bias
// for each column.
//
//   to(r, x) = line(r).value(from(r, x), weight(x), bias(x))
#pragma once

#include "skipmax/simd/storage.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

// A register of learned numbers from x on, or of `none` if there are none. They are in the caller's
// memory, so nothing beyond dim is read.
template <class Isa, class T, class S>
SKIPMAX_INLINE simd<T, Isa> load_learned(const S* row, index x, index dim, T none) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  if (!row) return V(none);
  if (x + W <= dim) return load_stored<Isa, T>(row + x);
  alignas(64) T edge[W];
  for (index i = 0; i < W; ++i) edge[i] = x + i < dim ? static_cast<T>(row[x + i]) : none;
  return V::load_aligned(edge);
}

// Columns [x, x + N registers) of all rows.
template <int N, class Isa, class T, class Line, class Weight, class Bias>
SKIPMAX_INLINE void finish_columns(row_matrix<const T> from, row_matrix<T> to, int rows, index x,
                                   Line line, Weight weight, Bias bias) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  V w[N], b[N];
#pragma GCC unroll 4
  for (int i = 0; i < N; ++i) w[i] = weight(x + i * W), b[i] = bias(x + i * W);
  for (int r = 0; r < rows; ++r) {
    const auto of_row = line(r);
    const T* in = from.data + r * from.stride + x;
    T* out = to.data + r * to.stride + x;
#pragma GCC unroll 4
    for (int i = 0; i < N; ++i)
      of_row.value(V::load_unaligned(in + i * W), w[i], b[i]).store_unaligned(out + i * W);
  }
}

// Four registers of columns at a time, so that their weights stay in registers.
template <class Isa, class T, class Line, class Weight, class Bias>
SKIPMAX_INLINE void write_rows(row_matrix<const T> from, row_matrix<T> to, int rows, index dim,
                               Line line, Weight weight, Bias bias) {
  constexpr index W = lanes<T, Isa>;
  index x = 0;
  for (; x + 4 * W <= dim; x += 4 * W)
    finish_columns<4, Isa, T>(from, to, rows, x, line, weight, bias);
  for (; x < dim; x += W) finish_columns<1, Isa, T>(from, to, rows, x, line, weight, bias);
}

}  // namespace v0
}  // namespace skipmax
