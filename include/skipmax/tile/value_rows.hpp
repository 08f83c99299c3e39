// Sums of weight times value for a few query rows, with values that are read once, where they lie.
//
//   sum[r][x] += sum_j weights[r][j] v[j][x],  j over all keys of a range, or over a list of them
//   weights [rows][stride], v [keys][width] of any stride and alignment, sum [rows] aligned
//
// Four keys at a time, from the start of their rows to the end, for all query rows: what comes from memory
// comes in order and once, and the sums are in the L1 cache.
#pragma once

#include <type_traits>

#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tile/nonzero_keys.hpp"

namespace skipmax {
inline namespace v0 {

// P rows by K keys, with eight weights in registers at most.
template <class Isa, int P, int K, class T, class X>
SKIPMAX_INLINE void add_values_of_keys(const T* weights, index weight_stride, row_matrix<const X> v,
                                       const index* key, row_matrix<T> sum, index width) {
  using V = simd<T, Isa>;
  V weight[P][K];
  const X* row[K];
#pragma GCC unroll 4
  for (int k = 0; k < K; ++k) {
    row[k] = v.data + key[k] * v.stride;
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) weight[p][k] = V(weights[p * weight_stride + key[k]]);
  }
  for (index x = 0; x < width; x += lanes<T, Isa>) {
    V value[K];
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) {
      value[k] = load_stored<Isa, T>(row[k] + x);
      if constexpr (P > 1) keep_in_register(value[k]);  // loaded once for all rows
    }
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) {
      T* at = sum.data + p * sum.stride + x;
      V to = V::load_aligned(at);
#pragma GCC unroll 4
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
  constexpr int at_once = P == 4 && K > 2 ? 2 : K;
  int r = 0;
  for (; r + P <= rows; r += P)
#pragma GCC unroll 4
    for (int k = 0; k < K; k += at_once)
      add_values_of_keys<Isa, P, at_once>(weights + r * weight_stride, weight_stride, v, key + k,
                                          rows_from(sum, r), width);
  if constexpr (P > 1)
    add_values_to_rows<Isa, P / 2>(weights + r * weight_stride, weight_stride, rows - r, v, key,
                                   rows_from(sum, r), width);
}

// Any number of rows, with those of v `ahead` steps later fetched, or none if ahead is 0. Four rows at once
// share what it takes to widen values; of those that need no widening two take fewer instructions.
template <class Isa, class T, class X, class Keys>
SKIPMAX_NOINLINE void value_rows(const T* weights, index weight_stride, int rows,
                                 row_matrix<const X> v, Keys keys, row_matrix<T> sum, index width,
                                 index ahead) {
  constexpr int P = std::is_same_v<T, X> ? 2 : 4, K = 4;
  index m = 0;
  for (; m + K <= keys.count; m += K) {
    index key[K];
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) key[k] = keys[m + k];
    for (int k = 0; ahead > 0 && k < K; ++k)
      fetch_row(v.data, wrapped_product(keys.later(m + k + ahead), v.stride), width);
    add_values_to_rows<Isa, P>(weights, weight_stride, rows, v, key, sum, width);
  }
  for (; m < keys.count; ++m) {
    const index key[1] = {keys[m]};
    add_values_to_rows<Isa, P>(weights, weight_stride, rows, v, key, sum, width);
  }
}

}  // namespace v0
}  // namespace skipmax
