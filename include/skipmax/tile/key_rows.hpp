// Scores of a few query rows over a tile of keys that are read once, in place.
//
//   s[r][j] = sum_x q[r][x] k[j][x],  registers along x, then sums over their lanes
//   q [rows][depth] scaled, parted if k is, k [keys][depth] of any stride and alignment,
//   s [rows][stride]
//
// score_tile needs k packed, which pays for itself over many query rows. Decode has one row for
// each query head of a group and is bound by memory: there k is best read in place, one key of each
// quarter of the tile at a time. So memory is read in four streams, which keep it busier than one,
// and a register of q is loaded once for four keys: on Zen 5 one load from the L1 cache beside each
// line from memory costs nothing, four halve the speed.
#pragma once

#include <type_traits>

#include "skipmax/simd/parted_rows.hpp"
#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/weight_tile.hpp"

namespace skipmax {
inline namespace v0 {

// R rows by S keys that are `apart` elements apart: sum[r][place]. If Fetch, prefetches what lies
// `later` elements after each key, line by line.
template <class Isa, bool Fetch, int R, int S, class T, class K>
SKIPMAX_INLINE void dot_places(const T* q, const K* key, index apart, index depth, index later,
                               simd<T, Isa> (&sum)[R][S]) {
  using V = simd<T, Isa>;
  const K* at[S];
#pragma GCC unroll 4
  for (int place = 0; place < S; ++place) {
    at[place] = key + place * apart;
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) sum[r][place] = V(T(0));
  }
  const auto fetch = [&](int place, index x) SKIPMAX_LAMBDA {
    if (Fetch && x % line_elements<K> == 0) fetch_line(at[place] + x, later);
  };
  const auto step = [&](index x, const V(&of_key)[S]) SKIPMAX_LAMBDA {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const V of_q = in_register(V::load_aligned(q + r * depth + x));
#pragma GCC unroll 4
      for (int place = 0; place < S; ++place)
        sum[r][place] = compat::fma(of_q, of_key[place], sum[r][place]);
    }
  };
  for_each_register<Isa, T, (R > 1)>(at, depth, fetch, step);
}

// Sums over the 128-bit lanes of one row, [key][p][lane]: E places from p * E on share a register.
template <class Isa, class T>
using sums_of_places = T[lanes<T, Isa>][4 / lanes_of_128_bits<simd<T, Isa>>][lanes<T, Isa>];

// R rows by E keys, from the n-th on, of each of four places that are `apart` elements apart. A
// function of its own, or else g++ keeps what the loops around need in the registers of this one.
template <class Isa, bool Fetch, int R, class T, class K>
SKIPMAX_NOINLINE void dot_keys(const T* q, row_matrix<const K> k, index apart, index depth,
                               index later, sums_of_places<Isa, T>* to, int n) {
  using V = simd<T, Isa>;
  constexpr int E = lanes_of_128_bits<V>, S = 4;
  for (int end = n + E; n < end; ++n) {
    V sum[R][S];
    dot_places<Isa, Fetch>(q, rows_from(k, n).data, apart, depth, later, sum);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
      for (int p = 0; p < S / E; ++p) {
        V of_places[E];
#pragma GCC unroll 4
        for (int e = 0; e < E; ++e) of_places[e] = sum[r][p * E + e];
        reduce_within_128_bits(of_places, plus{}).store_aligned(to[r][n][p]);
      }
  }
}

// All rows by W keys from each of four places, `columns` keys apart. Takes E keys of each place for
// all rows, then the next ones. Prefetches the keys that come `ahead` keys later at each place, if
// ahead is not 0 and registers fill a cache line (others are never asked to, see tile_of).
template <class Isa, class T, class K>
SKIPMAX_INLINE void score_places(const T* q, int rows, row_matrix<const K> k, index depth,
                                 row_matrix<T> s, index columns, index ahead) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<V>, G = W / E, S = 4;
  alignas(64) sums_of_places<Isa, T> sums[row_lanes<T, Isa>];
  const index later = wrapped_product(ahead, k.stride);
  for (int n = 0; n < W; n += E)
    for_each_rows<sharing_rows<T, Isa>>(
        rows, [&]<int R>(std::integral_constant<int, R>, int r) SKIPMAX_LAMBDA {
          with_flag<fills_cache_line<T, Isa>>(
              ahead > 0 && r == 0, [&]<bool Fetch>(std::bool_constant<Fetch>) SKIPMAX_LAMBDA {
                dot_keys<Isa, Fetch, R>(q + r * depth, k, columns * k.stride, depth, later,
                                        sums + r, n);
              });
        });
  for (int r = 0; r < rows; ++r)
    for (int p = 0; p < S / E; ++p) {
      V of_place[E];
#pragma GCC unroll 4
      for (int e = 0; e < E; ++e) {
        V of_key[G];
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) of_key[g] = V::load_aligned(sums[r][g * E + e][p]);
        of_place[e] = reduce_128_bits(of_key, plus{});
      }
      transpose_within_128_bits(of_place);
#pragma GCC unroll 4
      for (int e = 0; e < E; ++e)
        of_place[e].store_aligned(s.data + r * s.stride + (p * E + e) * columns);
    }
}

// All rows by W keys, E of them at once. Those from `count` on give zeros.
template <class Isa, class T, class K>
SKIPMAX_INLINE void score_keys(const T* q, int rows, row_matrix<const K> k, index depth,
                               row_matrix<T> s, index count) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>, E = lanes_of_128_bits<V>, G = W / E;
  alignas(64) T sums[row_lanes<T, Isa> * G * W];
  for (int g = 0; g < G; ++g)
    for_each_rows<sharing_rows<T, Isa>>(rows, [&]<int R>(std::integral_constant<int, R>,
                                                         int r) SKIPMAX_LAMBDA {
      V sum[R][E];
      const auto dot = [&]<int S>(index j, V(&of_keys)[R][S]) SKIPMAX_LAMBDA {
        dot_places<Isa, false>(q + r * depth, k.data + j * k.stride, k.stride, depth, 0, of_keys);
      };
      if ((g + 1) * E <= count) {
        dot(g * E, sum);
      } else {
        for (int n = 0; n < E; ++n) {
          V of_key[R][1] = {};
          if (g * E + n < count) dot(g * E + n, of_key);
          for (int i = 0; i < R; ++i) sum[i][n] = g * E + n < count ? of_key[i][0] : V(T(0));
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i)
        reduce_within_128_bits(sum[i], plus{}).store_aligned(sums + ((r + i) * G + g) * W);
    });
  for (int r = 0; r < rows; ++r) {
    V of_row[G];
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) of_row[g] = V::load_aligned(sums + (r * G + g) * W);
    reduce_128_bits(of_row, plus{}).store_aligned(s.data + r * s.stride);
  }
}

// Columns [0, keys) of s, filled up to whole registers with zeros: four quarters of the keys at
// once, then what is left.
template <class Isa, class T, class K>
SKIPMAX_NOINLINE void score_key_rows(const T* q, int rows, row_matrix<const K> k, index depth,
                                     index keys, row_matrix<T> s, index ahead) {
  constexpr int W = lanes<T, Isa>;
  const index quarter = keys / (4 * W) * W;
  index start = 0;
  for (; start < quarter; start += W)
    score_places<Isa>(q, rows, rows_from(k, start), depth, columns_from(s, start), quarter, ahead);
  for (start = 4 * quarter; start < keys; start += W)
    score_keys<Isa>(q, rows, rows_from(k, start), depth, columns_from(s, start), keys - start);
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
  index ahead;      // prefetch distance in keys

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
