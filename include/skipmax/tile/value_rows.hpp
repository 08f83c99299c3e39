// Sums of weight times value for a few query rows, with values that are read once, where they lie.
//
//   sum[r][x] += sum_j weights[r][j] v[j][x],  j over all keys of a range, or over a list of them
//   weights [rows][stride], v [keys][width] of any stride and alignment, sum [rows] aligned
//
// Two keys at a time, one from each half of the range, from the start of their rows to the end, for all query
// rows: memory is read in two streams, which keeps more of it busy than one, and sums are in the L1 cache.
#pragma once

#include <type_traits>

#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tile/nonzero_keys.hpp"

namespace skipmax {
inline namespace v0 {

// P rows by K keys.
template <class Isa, int P, int K, class T, class X>
SKIPMAX_INLINE void add_values_of_keys(const T* weights, index weight_stride, row_matrix<const X> v,
                                       const index (&key)[K], row_matrix<T> sum, index width) {
  using V = simd<T, Isa>;
  V weight[P][K];
  const X* row[K];
#pragma GCC unroll 2
  for (int k = 0; k < K; ++k) {
    row[k] = v.data + key[k] * v.stride;
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) weight[p][k] = V(weights[p * weight_stride + key[k]]);
  }
  for (index x = 0; x < width; x += lanes<T, Isa>) {
    V value[K];
#pragma GCC unroll 2
    for (int k = 0; k < K; ++k) {
      value[k] = load_stored<Isa, T>(row[k] + x);
      if constexpr (P > 1) keep_in_register(value[k]);  // loaded once for all rows
    }
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) {
      T* at = sum.data + p * sum.stride + x;
      V to = V::load_aligned(at);
#pragma GCC unroll 2
      for (int k = 0; k < K; ++k) to = compat::fma(weight[p][k], value[k], to);
      to.store_aligned(at);
    }
  }
}

// All rows, P at a time, then half as many, by K keys.
template <class Isa, int P, int K, class T, class X>
SKIPMAX_INLINE void add_values_to_rows(const T* weights, index weight_stride, int rows,
                                       row_matrix<const X> v, const index (&key)[K],
                                       row_matrix<T> sum, index width) {
  int r = 0;
  for (; r + P <= rows; r += P)
    add_values_of_keys<Isa, P>(weights + r * weight_stride, weight_stride, v, key,
                               rows_from(sum, r), width);
  if constexpr (P > 1)
    add_values_to_rows<Isa, P / 2>(weights + r * weight_stride, weight_stride, rows - r, v, key,
                                   rows_from(sum, r), width);
}

// All keys of a range, from its two halves in turn, or of them those of a list in that order, so that leaving out
// zeros changes no bit.
struct keys_of_halves {
  index count;
  SKIPMAX_INLINE index low() const { return (count + 1) / 2; }
  SKIPMAX_INLINE index operator[](index n) const { return n / 2 + (n % 2 != 0 ? low() : 0); }
};
// A list in the order of keys, of a range that starts at `first`, to that order: at `to`.
SKIPMAX_INLINE void order_by_halves(const key_number* list, index count, index first,
                                    keys_of_halves range, key_number* to) {
  const index middle = first + range.low();
  index low = 0, high = 0;
  while (high < count && list[high] < middle) ++high;
  for (const index lows = high; low < lows || high < count; ++to) {
    const bool next_is_low = high == count || (low < lows && list[low] + range.low() <= list[high]);
    *to = list[next_is_low ? low : high];
    low += next_is_low, high += !next_is_low;
  }
}

template <class Isa, class T, class X, class Keys>
SKIPMAX_NOINLINE void value_rows(const T* weights, index weight_stride, int rows,
                                 row_matrix<const X> v, Keys keys, row_matrix<T> sum, index width, index ahead) {
  for (index m = 0; m < keys.count / 2; ++m) {
    const index key[] = {keys[2 * m], keys[2 * m + 1]};
    if constexpr (std::is_same_v<Keys, listed_keys>)
      if (ahead > 0)
        for (index n : {2 * m + ahead, 2 * m + ahead + 1})
          fetch_rows<X>(rows_from(v, keys.later(n)), 1, width);
    add_values_to_rows<Isa, 4>(weights, weight_stride, rows, v, key, sum, width);
  }
  if (keys.count % 2 == 0) return;
  const index last[] = {keys[keys.count - 1]};
  add_values_to_rows<Isa, 4>(weights, weight_stride, rows, v, last, sum, width);
}

}  // namespace v0
}  // namespace skipmax
