// Sums of weight times value for a few query rows, with values that are read once, where they lie.
//
//   sum[r][x] += sum_j weights[r][j] v[j][x],  j over all keys of a range, or over a list of them
//   weights [rows][stride], v [keys][width] of any stride and alignment, sum [rows] aligned
//
// Each row of v is read from its start to its end, since it comes from memory.
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

// Which keys of a range: all of them, or `count` of those listed. later(n) is what to fetch for a step n
// that may be beyond the last one: after a whole range comes the next.
struct every_key {
  index count;
  SKIPMAX_INLINE index operator[](index n) const { return n; }
  SKIPMAX_INLINE index later(index n) const { return n; }
};
struct listed_keys {
  const key_number* keys;
  index count, listed;
  SKIPMAX_INLINE index operator[](index n) const { return keys[n]; }
  SKIPMAX_INLINE index later(index n) const { return keys[n < listed ? n : listed - 1]; }
};

// What is fetched while a key's values are used: of those of the key `ahead` steps later all, or one half,
// if another pass over the same keys fetches the other. Nothing if ahead is 0.
enum class fetched { all, first_half, second_half };
struct fetch_ahead {
  index ahead = 0;
  fetched part = fetched::all;
};

// Sums over a block of keys start from zero and are added to those of earlier blocks, which keeps rounding
// errors down. Between calls for parts of one block they are in `of_block`.
template <class T>
struct block_sums {
  row_matrix<T> total, of_block;
  bool starts = true, ends = true;  // the block, with this call
};

// P rows, columns [x, x + N registers). Of each `Share` lines one is fetched; of none if Share is 0.
template <class Isa, int P, int N, int Share, class T, class X, class Keys>
SKIPMAX_NOINLINE void value_columns(const T* weights, index weight_stride, row_matrix<const X> v,
                                    Keys keys, const block_sums<T>& to, index x,
                                    fetch_ahead fetch) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, line = 64 / static_cast<index>(sizeof(X));
  constexpr index lines = Share > 0 ? (N * W + Share * line - 1) / (Share * line) : 0;
  [[maybe_unused]] const index other_half = fetch.part == fetched::second_half ? lines * line : 0;
  V sum[P][N];
#pragma GCC unroll 2
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n)
      sum[p][n] = to.starts
                      ? V(T(0))
                      : V::load_aligned(to.of_block.data + p * to.of_block.stride + x + n * W);
  for (index m = 0; m < keys.count; ++m) {
    const index j = keys[m];
    [[maybe_unused]] const index to_later =
        Share > 0 ? (keys.later(m + fetch.ahead) - j) * v.stride + other_half : 0;
    V weight[P];
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) weight[p] = V(weights[p * weight_stride + j]);
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const X* at = v.data + j * v.stride + x + n * W;
      if (Share > 0 && n * W % line == 0 && n * W / line < lines) fetch_line(at, to_later);
      const V value = load_stored<Isa, T>(at);
#pragma GCC unroll 2
      for (int p = 0; p < P; ++p) sum[p][n] = compat::fma(weight[p], value, sum[p][n]);
    }
  }
#pragma GCC unroll 2
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      if (!to.ends) {
        sum[p][n].store_aligned(to.of_block.data + p * to.of_block.stride + x + n * W);
        continue;
      }
      T* at = to.total.data + p * to.total.stride + x + n * W;
      (V::load_aligned(at) + sum[p][n]).store_aligned(at);
    }
}

template <class Isa, int P, class T, class X, class Keys>
SKIPMAX_INLINE void value_rows(const T* weights, index weight_stride, row_matrix<const X> v,
                               Keys keys, const block_sums<T>& to, index width, fetch_ahead fetch) {
  constexpr index W = lanes<T, Isa>;
  constexpr int most = P == 1 || register_block<T, Isa>::registers == 32 ? 8 : 4;
  const auto columns = [&]<int N>(index x, std::integral_constant<int, N>) SKIPMAX_LAMBDA {
    if (fetch.ahead == 0)
      value_columns<Isa, P, N, 0>(weights, weight_stride, v, keys, to, x, fetch);
    else if (!std::is_same_v<Keys, every_key> || fetch.part == fetched::all)
      value_columns<Isa, P, N, 1>(weights, weight_stride, v, keys, to, x, fetch);
    else if constexpr (std::is_same_v<Keys, every_key>)
      value_columns<Isa, P, N, 2>(weights, weight_stride, v, keys, to, x, fetch);
  };
  index x = 0;
  for (; x + most * W <= width; x += most * W) columns(x, std::integral_constant<int, most>{});
  for (; x + 2 * W <= width; x += 2 * W) columns(x, std::integral_constant<int, 2>{});
  if (x < width) columns(x, std::integral_constant<int, 1>{});
}

}  // namespace v0
}  // namespace skipmax
