// Scores of a few query rows over keys that are read once, in place.
//
//   s[r][j] = sum_x q[r][x] k[j][x],  registers along x, then sums over their lanes
//   q [rows][depth] scaled, k [keys][depth] of any stride and alignment, s [rows][stride]
//
// score_tile needs k packed, which pays for itself over many query rows. Decode has one row for
// each query head of a group and is bound by memory: there k is best read in place.
#pragma once

#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

// R rows by one key: sum[r]. Prefetches, with each cache line of the key, the one `ahead` elements
// further on. A single row has two accumulators, so that a multiply-add need not wait for the last.
template <class Isa, int R, class T, class K>
SKIPMAX_INLINE void dot_key(const T* q, const K* key, index depth, index ahead,
                            simd<T, Isa> (&sum)[R]) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, line = line_elements<K>;
  V other[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) sum[r] = other[r] = V(T(0));
  const auto step = [&](index x, bool fetches, V(&to)[R]) SKIPMAX_LAMBDA {
    if (R > 1 && fetches) fetch_line(key + x, ahead);
    V k = load_stored<Isa, T>(key + x);
    if (R == 1) {
      keep_in_register(k);  // loads before it prefetches: faster, but slower with more rows
      if (fetches) fetch_line(key + x, ahead);
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) to[r] = compat::fma(V::load_aligned(q + r * depth + x), k, to[r]);
  };
  constexpr index round = R == 1 && line < 2 * W ? 2 * W : line;  // whole lines, for both sums
  index x = 0;
  for (; x + round <= depth; x += round)
#pragma GCC unroll 8
    for (index i = 0; i < round; i += W)
      step(x + i, i % line == 0, R == 1 && i / W % 2 == 1 ? other : sum);
  for (; round > W && x < depth; x += W) step(x, x % line == 0, sum);
  if (R == 1) sum[0] = sum[0] + other[0];
}

// R rows by E keys, as many as 128 bits hold. Each row has a register, of which each 128 bits hold
// a partial sum of every key. Keys from `count` on give zeros.
template <class Isa, int R, class T, class K>
SKIPMAX_INLINE void dot_keys(const T* q, row_matrix<const K> k, index depth, int count, index ahead,
                             T* sums, index sum_stride) {
  using V = simd<T, Isa>;
  constexpr int E = lanes_of_128_bits<V>;
  V sum[R][E];
#pragma GCC unroll 4
  for (int n = 0; n < E; ++n) {
    V of_key[R];
    if (n < count)
      dot_key<Isa>(q, k.data + n * k.stride, depth, ahead, of_key);
    else
      for (int r = 0; r < R; ++r) of_key[r] = V(T(0));
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) sum[r][n] = of_key[r];
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
    reduce_within_128_bits(sum[r], plus{}).store_aligned(sums + r * sum_stride);
}

// The g-th group of E keys of the W from column `start` on, for all rows: R at a time, then R / 2
// and so on for the rest. sums [rows][G][W].
template <class Isa, int R, class T, class K>
SKIPMAX_INLINE void dot_group(const T* q, int rows, row_matrix<const K> k, index depth, index keys,
                              index start, int g, index ahead, T* sums) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<V>, G = W / E;
  const index from = start + g * E, left = keys - from;
  const int count = left < 0 ? 0 : left < E ? static_cast<int>(left) : E;
  const row_matrix<const K> some = rows_from(k, count > 0 ? from : 0);
  int r = 0;
  for (; r + R <= rows; r += R)
    dot_keys<Isa, R>(q + r * depth, some, depth, count, ahead, sums + (r * G + g) * W, G * W);
  if constexpr (R > 1)
    dot_group<Isa, R / 2>(q + r * depth, rows - r, k, depth, keys, start, g, ahead,
                          sums + r * G * W);
}

// Reduces sums [rows][G][W] to columns [start, start + W) of s.
template <class Isa, class T>
SKIPMAX_INLINE void store_scores(const T* sums, int rows, row_matrix<T> s, index start) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<V>, G = W / E;
  for (int r = 0; r < rows; ++r) {
    V of_row[G];
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) of_row[g] = V::load_aligned(sums + (r * G + g) * W);
    reduce_128_bits(of_row, plus{}).store_aligned(s.data + r * s.stride + start);
  }
}

// Columns [0, keys) of s, filled up to whole registers with zeros.
template <class Isa, class T, class K>
SKIPMAX_NOINLINE void score_in_order(const T* q, int rows, row_matrix<const K> k, index depth,
                                     index keys, row_matrix<T> s, index ahead) {
  constexpr int W = lanes<T, Isa>, G = W / lanes_of_128_bits<simd<T, Isa>>;
  alignas(64) T sums[row_lanes<T, Isa> * G * W];
  for (index start = 0; start < keys; start += W) {
    for (int g = 0; g < G; ++g) dot_group<Isa, 4>(q, rows, k, depth, keys, start, g, ahead, sums);
    store_scores<Isa>(sums, rows, s, start);
  }
}

}  // namespace v0
}  // namespace skipmax
