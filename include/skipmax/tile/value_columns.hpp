// value_rows for registers as wide as a cache line. Eight of them, the sums of a row of 128 floats,
// stay in registers over all keys. Wider rows take one pass for each part of their columns.
#pragma once

#include <type_traits>

#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/nonzero_keys.hpp"

namespace skipmax {
inline namespace v0 {

// All keys of a range. later(n) may lie beyond it, where the next range begins.
struct every_key {
  index count;
  SKIPMAX_INLINE index operator[](index n) const { return n; }
  SKIPMAX_INLINE index later(index n) const { return n; }
};

// What is prefetched while a key's values are used: the same lines of the key `ahead` steps later,
// or every second one if another pass over the same keys fetches the others. Nothing if ahead is 0.
enum class fetched { every_line, even_lines, odd_lines };
struct fetch_ahead {
  index ahead = 0;
  fetched which = fetched::every_line;
};

// Sums over a block of keys start from zero and are added to those of earlier blocks, which keeps
// rounding errors down. Between calls for parts of one block they are in `of_block`.
template <class T>
struct block_sums {
  row_matrix<T> total, of_block;
  bool starts = true, ends = true;  // whether this call starts, ends the block
};

// P rows, N registers of columns from x on. Prefetches every Every-th line, none if Every is 0.
template <class Isa, int P, int N, int Every, class T, class X, class Keys>
SKIPMAX_NOINLINE void add_columns(const T* weights, index weight_stride, row_matrix<const X> v,
                                  Keys keys, const block_sums<T>& to, index x, fetch_ahead fetch) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, line = line_elements<X>;
  [[maybe_unused]] const index odd = Every == 2 && fetch.which == fetched::odd_lines ? line : 0;
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
    [[maybe_unused]] index to_later = 0;
    if (Every > 0) to_later = wrapped_product(keys.later(m + fetch.ahead) - j, v.stride) + odd;
    V weight[P];
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) weight[p] = V(weights[p * weight_stride + j]);
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const X* at = v.data + j * v.stride + x + n * W;
      if (Every > 0 && n * W % ((Every > 0 ? Every : 1) * line) == 0) fetch_line(at, to_later);
      V value = load_stored<Isa, T>(at);
      if constexpr (P > 1) keep_in_register(value);  // loaded once for all rows
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
SKIPMAX_INLINE void value_columns(const T* weights, index weight_stride, row_matrix<const X> v,
                                  Keys keys, const block_sums<T>& to, index width,
                                  fetch_ahead fetch) {
  constexpr index W = lanes<T, Isa>;
  constexpr int most = 8;
  const auto columns = [&]<int N>(index x, std::integral_constant<int, N>) SKIPMAX_LAMBDA {
    constexpr index line = line_elements<X>;
    const bool is_other =
        (x / line % 2 == 0) == (fetch.which == fetched::odd_lines);  // for columns of a single line
    const auto fetching = [&]<int Every>(std::integral_constant<int, Every>) SKIPMAX_LAMBDA {
      add_columns<Isa, P, N, Every>(weights, weight_stride, v, keys, to, x, fetch);
    };
    if (fetch.ahead == 0)
      fetching(std::integral_constant<int, 0>{});
    else if (fetch.which == fetched::every_line)
      fetching(std::integral_constant<int, 1>{});
    else if constexpr (std::is_same_v<Keys, every_key>) {  // lists always fetch every line
      constexpr int every = N * W >= 2 * line ? 2 : 1;
      if (every == 1 && is_other)
        fetching(std::integral_constant<int, 0>{});
      else
        fetching(std::integral_constant<int, every>{});
    }
  };
  index x = 0;
  for (; x + most * W <= width; x += most * W) columns(x, std::integral_constant<int, most>{});
  for (; x + 2 * W <= width; x += 2 * W) columns(x, std::integral_constant<int, 2>{});
  if (x < width) columns(x, std::integral_constant<int, 1>{});
}

}  // namespace v0
}  // namespace skipmax
