// Scores of a few query rows over a tile of keys. Rows of k are read in several streams, which keep
// the memory busier than one.
#pragma once

#include <type_traits>

#include "skipmax/simd/parted_rows.hpp"
#include "skipmax/tile/key_rows.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// R rows by S keys that are `apart` elements apart: sum[r][place]. A register of q, which is parted
// as k is, is loaded once for all S keys.
template <class Isa, int R, int S, class T, class K>
SKIPMAX_INLINE void dot_places(const T* q, const K* key, index apart, index depth,
                               simd<T, Isa> (&sum)[R][S]) {
  using V = simd<T, Isa>;
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int place = 0; place < S; ++place) sum[r][place] = V(T(0));
  const auto step = [&](index x, auto load) SKIPMAX_LAMBDA {
    V of_key[S];
#pragma GCC unroll 4
    for (int place = 0; place < S; ++place) {
      of_key[place] = load(key + place * apart);
      if constexpr (R > 1) keep_in_register(of_key[place]);
    }
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) {
      V of_q = V::load_aligned(q + r * depth + x);
      keep_in_register(of_q);
#pragma GCC unroll 4
      for (int place = 0; place < S; ++place)
        sum[r][place] = compat::fma(of_q, of_key[place], sum[r][place]);
    }
  };
  for_each_register<Isa, T, K>(depth, step);
}

// All rows by W keys from each of S places, `columns` keys apart. Takes one key of each place for
// all rows, then the next ones. If S is 1, keys from `count` on give zeros.
template <class Isa, int S, class T, class K>
SKIPMAX_INLINE void score_places(const T* q, int rows, row_matrix<const K> k, index depth,
                                 row_matrix<T> s, index columns, index count) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<V>, G = W / E;
  constexpr int most = row_lanes<T, Isa>;
  alignas(64) T sums[S][most * G * W];
  for (int g = 0; g < G; ++g) {
    V of_key[most][S][E];
    for (int n = 0; n < E; ++n) {
      const index j = g * E + n;
      const auto dot = [&]<int R>(std::integral_constant<int, R>, int r) SKIPMAX_LAMBDA {
        V sum[R][S];
        if (S > 1 || j < count)
          dot_places<Isa>(q + r * depth, k.data + j * k.stride, columns * k.stride, depth, sum);
        else
          for (int i = 0; i < R; ++i) sum[i][0] = V(T(0));
#pragma GCC unroll 2
        for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
          for (int place = 0; place < S; ++place) of_key[r + i][place][n] = sum[i][place];
      };
      int r = 0;
      for (; r + 2 <= rows; r += 2) dot(std::integral_constant<int, 2>{}, r);
      if (r < rows) dot(std::integral_constant<int, 1>{}, r);
    }
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (int place = 0; place < S; ++place)
        reduce_within_128_bits(of_key[r][place], plus{})
            .store_aligned(sums[place] + (r * G + g) * W);
  }
  for (int place = 0; place < S; ++place) store_scores<Isa>(sums[place], rows, s, place * columns);
}

// Columns [0, keys) of s, in whole registers: four quarters of the keys at once, then what is left.
template <class Isa, class T, class K>
SKIPMAX_NOINLINE void score_in_streams(const T* q, int rows, row_matrix<const K> k, index depth,
                                       index keys, row_matrix<T> s) {
  constexpr int W = lanes<T, Isa>;
  const index quarter = keys / (4 * W) * W;
  index start = 0;
  for (; start < quarter; start += W)
    score_places<Isa, 4>(q, rows, rows_from(k, start), depth, columns_from(s, start), quarter, W);
  for (start = 4 * quarter; start < keys; start += W)
    score_places<Isa, 1>(q, rows, rows_from(k, start), depth, columns_from(s, start), 0,
                         keys - start);
}

inline constexpr int few_rows = 2;

// Columns [0, keys) of s for one or two rows. Alternates between the two halves of the keys after
// every `groups` groups of E keys.
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

// Four streams were not measured for registers that fill a cache line. There one or two query rows
// take many keys in turn, about 2 KiB at a time, if k's rows are contiguous and not too short for
// that; all else goes in order.
template <class Isa, class T, class K>
SKIPMAX_INLINE void score_key_rows(const T* q, int rows, row_matrix<const K> k, index depth,
                                   index keys, row_matrix<T> s, index ahead) {
  if constexpr (!fills_cache_line<T, Isa>) {
    score_in_streams<Isa>(q, rows, k, depth, keys, s);
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

// The weights of one row block over one tile, called directly or by a normalizer's absorb(). Scores
// all columns at once, so with_epilogue has nothing to do.
template <class Isa, class T, class K, class Attention, class Position>
struct key_row_scorer {
  static constexpr bool raw = false;

  const Attention& a;
  const T* q;             // [rows][depth]
  const T* shift;         // [rows], if shifts_scores
  row_matrix<const K> k;  // [block.any.last][depth]
  index depth;
  score_block<T> block;
  Position position;
  index first_key;  // of the tile
  index* hidden;    // [rows], += the hidden keys, if counts_hidden
  index ahead;      // prefetch distance in k, in elements

  SKIPMAX_INLINE index in_panels() const { return block.any.last; }

  template <class Epilogue>
  SKIPMAX_INLINE void with_epilogue(index, index, T*, Epilogue) const {}

  // Scores all columns, then makes weights of [first, last). Normalizers ask once, rarely twice.
  SKIPMAX_INLINE void operator()(index first, index last) const {
    if (first >= last) return;
    score_key_rows<Isa>(q, block.rows, k, depth, block.any.last, {block.scores, block.stride},
                        ahead);
    weigh_rows<Isa, T>(a, block, block.weights, position, first_key, shift, hidden, first, last);
  }
};

}  // namespace v0
}  // namespace skipmax
