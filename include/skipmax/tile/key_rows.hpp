// Scores of a few query rows with keys that are read once, where they lie.
//
//   s[r][j] = sum_x q[r][x] k[j][x],  registers along x, then sums over their lanes
//   q [depth / W][MR][W] scaled, k [keys][depth] of any stride and alignment, s [rows][stride]
//
// Packing k, as score_tile wants it, pays for itself over many rows. Decoding has one row for each query
// head of a group: there the memory is what counts, and k is best read from the first row to the last.
// W keys leave W registers for each row, whose lanes are summed by transposing the square.
#pragma once

#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// Keys that go through the registers together: R * this accumulators, enough to hide the latency of a
// multiply-add, few enough for the registers there are.
template <class T, class Isa, int R>
inline constexpr int keys_at_once = R * 4 <= register_block<T, Isa>::registers / 2 ? 4 : 2;

// lane_sums[r][j][lane] for the N keys from j on.
template <int N, class Isa, class T, int R>
SKIPMAX_INLINE void dot_keys(const T* q, const T* k, index stride, index depth, T* lane_sums) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, MR = register_block<T, Isa>::rows;
  V sum[R][N];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum[r][n] = V(T(0));
  for (index x = 0; x < depth; x += W, q += MR * W) {
    V key[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) key[n] = V::load_unaligned(k + n * stride + x);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const V row = V::load_aligned(q + r * W);
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) sum[r][n] = compat::fma(row, key[n], sum[r][n]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum[r][n].store_aligned(lane_sums + r * W * W + n * W);
}

// Columns [first, last) of s, in whole registers: what lies beside them there is 0. k.data is key `first`.
// After each few keys ahead() fetches as many of those that come later.
template <class Isa, class T, int R>
SKIPMAX_NOINLINE void score_key_rows(const T* q, row_matrix<const T> k, index depth, index first,
                                     index last, row_matrix<T> s, T* lane_sums,
                                     upcoming_rows ahead) {
  constexpr int W = lanes<T, Isa>, N = keys_at_once<T, Isa, R>;
  const T* key = k.data;
  for (index start = first / W * W; start < last; start += W) {
    const int from = first > start ? static_cast<int>(first - start) : 0;
    const int to = last - start < W ? static_cast<int>(last - start) : W;
    if (to - from < W)
      for (int r = 0; r < R; ++r) clear_row<Isa>(lane_sums + r * W * W, W * W);
    int j = from;
    ahead.part = N;
    for (; j + N <= to; j += N, key += N * k.stride) {
      ahead.fetch_part();
      dot_keys<N, Isa, T, R>(q, key, k.stride, depth, lane_sums + j * W);
    }
    ahead.part = 1;
    for (; j < to; ++j, key += k.stride) {
      ahead.fetch_part();
      dot_keys<1, Isa, T, R>(q, key, k.stride, depth, lane_sums + j * W);
    }
    for (int r = 0; r < R; ++r)
      reduce_rows<Isa>(lane_sums + r * W * W, W, s.data + r * s.stride + start,
                       [](auto a, auto b) SKIPMAX_LAMBDA { return a + b; });
  }
}

// The weights of one row block over one tile, for a normalizer's absorb() or by themselves. All columns are
// scored at once: nothing is left for an epilogue of the normalizer's.
template <class Isa, class T, class Attention, class Position>
struct key_row_scorer {
  static constexpr bool raw = false;

  const Attention& a;
  const T* q;             // [depth / W][MR][W]
  const T* shift;         // [rows], where the normalizer asks for it
  row_matrix<const T> k;  // from column block.any.first on
  index depth;
  score_block<T> block;
  Position position;
  index first_key;  // of the tile
  T* hidden;        // [rows], to which the hidden keys are added, where the divisor wants to know
  T* lane_sums;     // [MR][W][W]
  upcoming_rows ahead;

  template <class Epilogue>
  SKIPMAX_INLINE void with_epilogue(index, index, Epilogue) const {}

  // The first time for any.first to any.last; a second time, if at all, for the same.
  SKIPMAX_INLINE void operator()(index first, index last) const {
    if (first >= last) return;
    with_row_count<register_block<T, Isa>::rows>(
        block.rows, [&]<int R>(row_count<R>) SKIPMAX_LAMBDA {
          score_key_rows<Isa, T, R>(q, k, depth, first, last, {block.scores, block.stride},
                                    lane_sums, ahead);
        });
    weigh_rows<Isa, T>(a, block, position, first_key, shift, hidden, first, last);
  }
};

}  // namespace v0
}  // namespace skipmax
