// Sums of weight times value for a few query rows, with values that are read once, where they lie.
//
//   sum[r][x] += sum_j weights[r][j] v[j][x],  j over all keys of a range, or over a list of them
//   weights [rows][stride], v [keys][width] of any stride and alignment, sum [rows] aligned
//
// Each row of v is read from its start to its end, since it comes from memory. A sum starts from zero in
// each tile and is then added to what earlier tiles left.
#pragma once

#include <type_traits>

#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tile/nonzero_keys.hpp"

namespace skipmax {
inline namespace v0 {

// Which keys of a range: all of them, or those of a list. later(n) is what to fetch for a step n that may
// be beyond the last one: after a whole range comes the next.
struct every_key {
  index count;
  SKIPMAX_INLINE index operator[](index n) const { return n; }
  SKIPMAX_INLINE index later(index n) const { return n; }
};
struct listed_keys {
  const key_number* keys;
  index count;
  SKIPMAX_INLINE index operator[](index n) const { return keys[n]; }
  SKIPMAX_INLINE index later(index n) const { return keys[n < count ? n : count - 1]; }
};

// P rows, columns [x, x + N registers). While a key's values are used those of the key `ahead` steps later
// are fetched, or none if ahead is 0.
template <class Isa, int P, int N, bool Fetch, class T, class X, class Keys>
SKIPMAX_NOINLINE void value_columns(const T* weights, index weight_stride, row_matrix<const X> v,
                                    Keys keys, row_matrix<T> sums, index x, index ahead) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, line = 64 / static_cast<index>(sizeof(X));
  V sum[P][N];
#pragma GCC unroll 2
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sum[p][n] = V(T(0));
  for (index m = 0; m < keys.count; ++m) {
    const index j = keys[m];
    [[maybe_unused]] const index to_later = Fetch ? (keys.later(m + ahead) - j) * v.stride : 0;
    V weight[P];
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) weight[p] = V(weights[p * weight_stride + j]);
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const X* at = v.data + j * v.stride + x + n * W;
      if (Fetch && n * W % line == 0) fetch_line(at, to_later);
      const V value = load_stored<Isa, T>(at);
#pragma GCC unroll 2
      for (int p = 0; p < P; ++p) sum[p][n] = compat::fma(weight[p], value, sum[p][n]);
    }
  }
#pragma GCC unroll 2
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      T* at = sums.data + p * sums.stride + x + n * W;
      (V::load_aligned(at) + sum[p][n]).store_aligned(at);
    }
}

template <class Isa, int P, class T, class X, class Keys>
SKIPMAX_INLINE void value_rows(const T* weights, index weight_stride, row_matrix<const X> v,
                               Keys keys, row_matrix<T> sums, index width, index ahead) {
  constexpr index W = lanes<T, Isa>;
  constexpr int most = P == 1 || register_block<T, Isa>::registers == 32 ? 8 : 4;
  const auto columns = [&]<int N>(index x, std::integral_constant<int, N>) SKIPMAX_LAMBDA {
    if (ahead > 0)
      value_columns<Isa, P, N, true>(weights, weight_stride, v, keys, sums, x, ahead);
    else
      value_columns<Isa, P, N, false>(weights, weight_stride, v, keys, sums, x, ahead);
  };
  index x = 0;
  for (; x + most * W <= width; x += most * W) columns(x, std::integral_constant<int, most>{});
  for (; x + 2 * W <= width; x += 2 * W) columns(x, std::integral_constant<int, 2>{});
  if (x < width) columns(x, std::integral_constant<int, 1>{});
}

}  // namespace v0
}  // namespace skipmax
