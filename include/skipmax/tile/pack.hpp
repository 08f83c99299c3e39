// Copies of q, k and v in the order in which the tile kernels read them, widened to T if they are stored
// in fewer bits. No row of the caller's is read beyond its dim.
#pragma once

#include "skipmax/simd/row_ops.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

// to[0 .. padded) = scale * from[0 .. dim), then zeros.
template <class Isa, class T, class S>
SKIPMAX_INLINE void pack_row(T* to, const S* from, index dim, index padded, T scale) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  index x = 0;
  for (; x + W <= dim; x += W) (load_stored<Isa, T>(from + x) * V(scale)).store_aligned(to + x);
  for (; x < dim; ++x) to[x] = static_cast<T>(from[x]) * scale;
  for (; x < padded; ++x) to[x] = T(0);
}

// Query rows times scale: [row blocks][depth panels][MR][depth_stride]; rows that fill up the last
// block are zeros.
template <class Isa, class T, class S>
SKIPMAX_NOINLINE void pack_q(T* to, const S* q, index row_stride, index rows, index dim, T scale) {
  using V = simd<T, Isa>;
  using layout = tile_layout<T, Isa>;
  constexpr index MR = layout::rows, W = lanes<T, Isa>, panel = layout::depth_panel;
  for (index row = 0; row < rows; row += MR)
    for (index x = 0; x < dim; x += panel, to += MR * layout::depth_stride) {
      const index width = dim - x < panel ? dim - x : panel;
      const S* from = q + row * row_stride + x;
      index r = 0;
      for (; r < MR && row + r < rows; ++r, from += row_stride) {
        T* at = to + r * layout::depth_stride;
        if (width == panel)
#pragma GCC unroll 4
          for (index i = 0; i < panel; i += W)
            (load_stored<Isa, T>(from + i) * V(scale)).store_aligned(at + i);
        else
          pack_row<Isa>(at, from, width, round_up(width, W), scale);
      }
      for (; r < MR; ++r) clear_row<Isa>(to + r * layout::depth_stride, round_up(width, W));
    }
}

// Registers of W keys by W of depth, transposed to W of depth by W keys, NR apart.
template <class Isa, class T>
SKIPMAX_INLINE void store_transposed(T* to, simd<T, Isa> (&square)[simd<T, Isa>::size],
                                     index depth) {
  constexpr int W = lanes<T, Isa>;
  transpose(square);
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i)
    if (i < depth) square[i].store_aligned(to + i * tile_layout<T, Isa>::columns);
}

// Rows [0, count) as the columns j .. j + W of [key panels][dim][NR], zeros where there are fewer.
template <class Isa, class T, class S>
SKIPMAX_INLINE void pack_columns(T* to, index j, const S* rows, index row_stride, index count,
                                 index dim) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, NR = tile_layout<T, Isa>::columns;
  T* panel = to + j / NR * NR * dim + j % NR;
  V square[V::size];
  index x = 0;
  for (; x + W <= dim; x += W) {
    if (count >= W)
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i) square[i] = load_stored<Isa, T>(rows + i * row_stride + x);
    else
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i)
        square[i] = i < count ? load_stored<Isa, T>(rows + i * row_stride + x) : V(T(0));
    store_transposed<Isa>(panel + x * NR, square, W);
  }
  if (x == dim) return;
  alignas(64) T edge[W * W];
  for (index i = 0; i < W; ++i)
    pack_row<Isa>(edge + i * W, rows + (i < count ? i * row_stride + x : 0),
                  i < count ? dim - x : 0, W, T(1));
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) square[i] = V::load_aligned(edge + i * W);
  store_transposed<Isa>(panel + x * NR, square, dim - x);
}

// Keys [0, keys) of one kv head: [key panels][dim][NR].
template <class Isa, class T, class S>
SKIPMAX_NOINLINE void pack_k(T* to, const S* k, index row_stride, index keys, index dim) {
  for (index j = 0; j < keys; j += lanes<T, Isa>)
    pack_columns<Isa>(to, j, k + j * row_stride, row_stride, keys - j, dim);
}

// Rows of v or k as they are, each padded to whole registers.
template <class Isa, class T, class S>
SKIPMAX_NOINLINE void pack_rows(T* to, const S* from, index row_stride, index keys, index dim,
                                index width) {
  for (index j = 0; j < keys; ++j)
    pack_row<Isa>(to + j * width, from + j * row_stride, dim, width, T(1));
}

}  // namespace v0
}  // namespace skipmax
