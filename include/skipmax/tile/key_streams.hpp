// Scores of a few query rows over a tile of keys, whose rows memory is read for in two streams, from the first
// and from the second half of the keys: they keep more of it busy than one.
#pragma once

#include "skipmax/tile/key_rows.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// R rows by a key of each half: sum[half][r]. What is loaded of q serves both.
template <class Isa, int R, class T, class K>
SKIPMAX_INLINE void dot_pair(const T* q, const K* low_key, const K* high_key, index depth,
                             index ahead, simd<T, Isa> (&sum)[2][R]) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, line = 64 / static_cast<index>(sizeof(K));
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) sum[0][r] = sum[1][r] = V(T(0));
  const auto step = [&](index x) SKIPMAX_LAMBDA {
    V low = load_stored<Isa, T>(low_key + x), high = load_stored<Isa, T>(high_key + x);
    keep_in_register(low), keep_in_register(high);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      V of_q = V::load_aligned(q + r * depth + x);
      keep_in_register(of_q);
      sum[0][r] = compat::fma(of_q, low, sum[0][r]);
      sum[1][r] = compat::fma(of_q, high, sum[1][r]);
    }
  };
  index x = 0;
  for (; x + line <= depth; x += line) {
    if (ahead > 0) fetch_line(low_key + x, ahead), fetch_line(high_key + x, ahead);
#pragma GCC unroll 8
    for (index i = 0; i < line; i += W) step(x + i);
  }
  for (; x < depth; x += W) step(x);
}

// All rows, R at a time, then half as many, by E keys of each half: low and high [rows][G][W], as of dot_group.
template <class Isa, int R, class T, class K>
SKIPMAX_INLINE void dot_group_pair(const T* q, int rows, row_matrix<const K> low,
                                   row_matrix<const K> high, index depth, index ahead, T* low_sums,
                                   T* high_sums) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<V>, G = W / E;
  int r = 0;
  for (; r + R <= rows; r += R) {
    V sum[2][R][E];
#pragma GCC unroll 4
    for (int n = 0; n < E; ++n) {
      V of_pair[2][R];
      dot_pair<Isa>(q + r * depth, low.data + n * low.stride, high.data + n * high.stride, depth,
                    r == 0 ? ahead : 0, of_pair);
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i) sum[0][i][n] = of_pair[0][i], sum[1][i][n] = of_pair[1][i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < R; ++i) {
      reduce_within_128_bits(sum[0][i], plus{}).store_aligned(low_sums + (r + i) * G * W);
      reduce_within_128_bits(sum[1][i], plus{}).store_aligned(high_sums + (r + i) * G * W);
    }
  }
  if constexpr (R > 1)
    dot_group_pair<Isa, R / 2>(q + r * depth, rows - r, low, high, depth, r == 0 ? ahead : 0,
                               low_sums + r * G * W, high_sums + r * G * W);
}

// From both halves at once.
template <class Isa, class T, class K>
SKIPMAX_NOINLINE void score_in_pairs(const T* q, int rows, row_matrix<const K> k, index depth,
                                     index keys, row_matrix<T> s, index ahead) {
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<simd<T, Isa>>, G = W / E;
  constexpr index MR = register_block<T, Isa>::rows;
  alignas(64) T low_sums[MR * G * W], high_sums[MR * G * W];
  const index half = keys / (2 * W) * W;
  for (index start = 0; start < half; start += W) {
    for (int g = 0; g < G; ++g)
      dot_group_pair<Isa, 4>(q, rows, rows_from(k, start + g * E),
                             rows_from(k, half + start + g * E), depth, ahead, low_sums + g * W,
                             high_sums + g * W);
    store_scores<Isa>(low_sums, rows, s, start);
    store_scores<Isa>(high_sums, rows, s, half + start);
  }
  score_in_order<Isa>(q, rows, rows_from(k, 2 * half), depth, keys - 2 * half,
                      columns_from(s, 2 * half), ahead);
}

inline constexpr int few_rows = 2;

// One or two rows, from two places in turn, the first and the second half of the keys, `groups` of E from each.
template <class Isa, class T, class K>
SKIPMAX_NOINLINE void score_in_turn(const T* q, int rows, row_matrix<const K> k, index depth,
                                    index keys, row_matrix<T> s, index ahead, int groups) {
  constexpr int W = lanes<T, Isa>, G = W / lanes_of_128_bits<simd<T, Isa>>;
  const index half = round_up((keys + 1) / 2, W);
  alignas(64) T sums[2][few_rows * G * W];
  for (index start = 0; start < half; start += W) {
    const int halves = start + half < keys ? 2 : 1;
    for (int first = 0; first < G; first += groups)
      for (int h = 0; h < halves; ++h)
        for (int g = first; g < first + groups; ++g)
          dot_group<Isa, 1>(q, rows, k, depth, keys, start + h * half, g, ahead / 2, sums[h]);
    for (int h = 0; h < halves; ++h) store_scores<Isa>(sums[h], rows, s, start + h * half);
  }
}

// Where registers fill a cache line both halves at once were not measured: there keys come in turn, 2 KiB or so
// of many keys whose rows follow each other in memory, and of others in order.
template <class Isa, class T, class K>
SKIPMAX_INLINE void score_key_rows(const T* q, int rows, row_matrix<const K> k, index depth,
                                   index keys, row_matrix<T> s, index ahead) {
  if constexpr (!fills_cache_line<T, Isa>) {
    score_in_pairs<Isa>(q, rows, k, depth, keys, s, ahead);
  } else {
    constexpr int E = lanes_of_128_bits<simd<T, Isa>>;
    constexpr index many_keys = 512, bytes_in_turn = 2048;
    const index group_bytes = depth * static_cast<index>(E * sizeof(K));
    int groups = lanes<T, Isa> / E;
    if (rows > few_rows || keys <= many_keys || k.stride != depth ||
        group_bytes * groups < bytes_in_turn)
      return score_in_order<Isa>(q, rows, k, depth, keys, s, ahead);
    while (groups > 1 && group_bytes * (groups / 2) >= bytes_in_turn) groups /= 2;
    score_in_turn<Isa>(q, rows, k, depth, keys, s, ahead, groups);
  }
}

// The weights of one row block over one tile, for a normalizer's absorb() or by themselves. All columns are
// scored at once: nothing is left for an epilogue of the normalizer's.
template <class Isa, class T, class K, class Attention, class Position>
struct key_row_scorer {
  static constexpr bool raw = false;

  const Attention& a;
  const T* q;             // [rows][depth]
  const T* shift;         // [rows], where the normalizer asks for it
  row_matrix<const K> k;  // [block.any.last][depth]
  index depth;
  score_block<T> block;
  Position position;
  index first_key;  // of the tile
  T* hidden;        // [rows], to which the hidden keys are added, where the divisor wants to know
  index ahead;      // how much further on in k lies what is fetched meanwhile

  SKIPMAX_INLINE index in_panels() const { return block.any.last; }

  template <class Epilogue>
  SKIPMAX_INLINE void with_epilogue(index, index, T*, Epilogue) const {}

  // Whatever is asked for: all columns there are. A normalizer asks once, rarely a second time.
  SKIPMAX_INLINE void operator()(index first, index last) const {
    if (first >= last) return;
    score_key_rows<Isa>(q, block.rows, k, depth, block.any.last, {block.scores, block.stride},
                        ahead);
    weigh_rows<Isa, T>(a, block, block.weights, position, first_key, shift, hidden, first, last);
  }
};

}  // namespace v0
}  // namespace skipmax
