// Scores of the last few keys of a tile, which would fill only a sliver of one more register.
//
//   s[r][j] = epilogue( sum_x q[r][x] k[j][x] ),  registers along x, then a sum over their lanes
//   q [depth panels][MR][depth_panel], k [keys][depth in whole registers], s [MR][weight_stride]
//   the epilogue sees registers of rows, all of one key
//
// 49 keys are 3 registers of 16 and one key: a fourth register for it costs 16 multiply-adds for
// each that is needed, a tenth of the time at L = 49. The order of this sum differs from
// score_tile's, so a key may come here only if all rows of its sequence see the same keys: a row's
// bits must not depend on how many later rows there are.
#pragma once

#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

// How many of the last keys of a tile are worth scoring here.
template <class Isa, class T>
SKIPMAX_INLINE constexpr index tail_keys(index keys) {
  constexpr index W = lanes<T, Isa>;
  return keys % W <= W / 4 ? keys % W : 0;
}

// dot[r] = <q[r], k> for one key.
template <class Isa, class T, int MR, class E>
SKIPMAX_NOINLINE void dot_rows(const E* packed_q, const E* packed_k, index dim, T* dot) {
  using V = simd<T, Isa>;
  const T *q = reinterpret_cast<const T*>(packed_q), *k = reinterpret_cast<const T*>(packed_k);
  constexpr index W = lanes<T, Isa>, panel = depth_panel<E>;
  constexpr int R = row_lanes<T, Isa>;
  V sum[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) sum[r] = V(T(0));
  for (; dim > 0; dim -= panel, q += register_block<T, Isa>::rows * panel, k += panel)
    for (index x = 0; x < dim && x < panel; x += W) {
      const V column = V::load_aligned(k + x);
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r)
        sum[r] = multiply_packed<E>(V::load_unaligned(q + r * panel + x), column, sum[r]);
    }
#pragma GCC unroll 8
  for (int r = 0; r < R; r += W) reduce_lanes(sum + r, plus{}).store_aligned(dot + r);
}

// k holds the keys of columns [first, last) of s.
template <class Isa, class T, class E, class To, class Epilogue>
SKIPMAX_INLINE void score_tail(const E* q, int rows, const E* k, index dim, index first, index last,
                               To* s, Epilogue epilogue) {
  using V = simd<T, Isa>;
  using layout = tile_layout<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  constexpr int R = row_lanes<T, Isa>;
  alignas(64) T score[R];
  packed_number_of<To> result[R];
  for (index j = first; j < last; ++j, k += round_up(dim, W)) {
    with_row_count<layout::rows>(rows, [&]<int MR>(row_count<MR>) SKIPMAX_LAMBDA {
      dot_rows<Isa, T, MR>(q, k, dim, score);
    });
    for (int r = 0; r < R; r += W) {
      V of_rows[1] = {V::load_aligned(score + r)};
      epilogue(rows_of_key{r, j}, of_rows);
      store_rounded<Isa, T>(result + r, of_rows[0]);
    }
    for (int r = 0; r < rows; ++r) set_packed(s + r * layout::weight_stride, j, result[r]);
  }
}

}  // namespace v0
}  // namespace skipmax
