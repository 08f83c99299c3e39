// out += weights V for one row block and the keys of one tile.
//
//   out[r][x] += sum_j weights[r][j] v[j][x]
//   weights [MR][weight_stride], v [keys][stride], out [MR][width], width in whole registers
//
// The sum over the tile starts from zero and is then added to what earlier tiles left; on a fresh
// block there is nothing to add to.
#pragma once

#include "skipmax/simd/gemm.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

template <class Isa, class T, int MR, int NV>
SKIPMAX_NOINLINE void value_panel(const T* weights, const T* v, index v_stride, index keys, T* out,
                                  index width, bool fresh) {
  accumulators<T, Isa, MR, NV> sum;
  sum.clear();
  sum.template multiply_add<tile_layout<T, Isa>::weight_stride>(weights, v, v_stride, keys);
  const auto at = [&](int r, int c) SKIPMAX_LAMBDA { return out + r * width + c * lanes<T, Isa>; };
  if (fresh)
    sum.for_each([&](int r, int c, simd<T, Isa> x) SKIPMAX_LAMBDA { x.store_aligned(at(r, c)); });
  else
    sum.for_each([&](int r, int c, simd<T, Isa> x) SKIPMAX_LAMBDA {
      (simd<T, Isa>::load_aligned(at(r, c)) + x).store_aligned(at(r, c));
    });
}

// Keys that all rows of the block see.
template <class Isa, class T>
SKIPMAX_INLINE void value_tile(const T* weights, int rows, const T* v, index v_stride, index keys,
                               T* out, index width, bool fresh) {
  using layout = tile_layout<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  with_row_count<layout::rows>(rows, [&]<int MR>(row_count<MR>) SKIPMAX_LAMBDA {
    index x = 0;
    for (; x + 2 * W <= width; x += 2 * W)
      value_panel<Isa, T, MR, 2>(weights, v + x, v_stride, keys, out + x, width, fresh);
    if (x < width)
      value_panel<Isa, T, MR, 1>(weights, v + x, v_stride, keys, out + x, width, fresh);
  });
}

// Keys that one row sees and its block does not share: a handful at the edge of a mask.
template <class Isa, class T>
SKIPMAX_NOINLINE void value_row(const T* weights, const T* v, index v_stride, index keys, T* out,
                                index width) {
  using V = simd<T, Isa>;
  for (index x = 0; x < width; x += lanes<T, Isa>) {
    V sum(T(0));
    for (index j = 0; j < keys; ++j)
      sum = compat::fma(V(weights[j]), V::load_aligned(v + j * v_stride + x), sum);
    (V::load_aligned(out + x) + sum).store_aligned(out + x);
  }
}

}  // namespace v0
}  // namespace skipmax
