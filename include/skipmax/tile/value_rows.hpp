// Sums of weight times value for a few query rows, with values that are read once, in place.
//
//   sum[r][x] += sum_j weights[r][j] v[j][x],  j over all keys of a range, or over a list of them
//   weights [rows][stride], v [keys][width] of any stride and alignment, sum [rows] aligned
//
// Takes one key of each quarter of the range at a time, from the start of their rows to the end,
// for all query rows. So memory is read in four streams, which keep it busier than one, and the
// sums, parted if v is, stay in the L1 cache.
#pragma once

#include <type_traits>

#include "skipmax/simd/parted_rows.hpp"
#include "skipmax/simd/prefetch.hpp"
#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/nonzero_keys.hpp"

namespace skipmax {
inline namespace v0 {

// Keys that are used together, and those that are prefetched meanwhile, line by line.
template <int K>
struct key_step {
  index now[K], later[K];
  bool fetches;
};

// P rows by K keys.
template <class Isa, int P, int K, class T, class X>
SKIPMAX_INLINE void add_values_of_keys(const T* weights, index weight_stride, row_matrix<const X> v,
                                       const key_step<K>& keys, row_matrix<T> sum, index width) {
  using V = simd<T, Isa>;
  V weight[P][K];
  const X* row[K];
  index to_later[K];
#pragma GCC unroll 4
  for (int k = 0; k < K; ++k) {
    row[k] = rows_from(v, keys.now[k]).data;
    to_later[k] = wrapped_product(keys.later[k] - keys.now[k], v.stride);
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) weight[p][k] = V(weights[p * weight_stride + keys.now[k]]);
  }
  const auto step = [&](index x, auto load) SKIPMAX_LAMBDA {
    V value[K];
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) {
      value[k] = load(row[k]);
      if (keys.fetches && x % line_elements<X> == 0) fetch_line(row[k] + x, to_later[k]);
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
  };
  for_each_register<Isa, T, X>(width, step);
}

// All rows by K keys.
template <class Isa, int K, class T, class X>
SKIPMAX_INLINE void add_values_to_rows(const T* weights, index weight_stride, int rows,
                                       row_matrix<const X> v, key_step<K> keys, row_matrix<T> sum,
                                       index width) {
  for_each_rows<sharing_rows<T, Isa>>(
      rows, [&]<int P>(std::integral_constant<int, P>, int r) SKIPMAX_LAMBDA {
        add_values_of_keys<Isa, P>(weights + r * weight_stride, weight_stride, v, keys,
                                   rows_from(sum, r), width);
        keys.fetches = false;
      });
}

// `count` keys of a range in stream order, from the `first` one on, a multiple of four. Stream
// order takes a key of each quarter in turn, then the up to three keys that are left.
struct keys_in_streams {
  static constexpr index streams = 4, most = 1024;

  index of_range, first, count;
  SKIPMAX_INLINE index operator[](index n) const {
    const index place = first + n;
    return place < of_range / streams * streams ? of_streams(n, place % streams) : place;
  }
  // Of the `streams` keys from the n-th on, the one of `stream`.
  SKIPMAX_INLINE index of_streams(index n, index stream) const {
    return stream * (of_range / streams) + (first + n) / streams;
  }
  // The one that comes `ahead` keys later in that stream.
  SKIPMAX_INLINE index later(index n, index stream, index ahead) const {
    return of_streams(n, stream) + ahead;
  }
};

// Writes a list of keys of a range to `to` in stream order, so that leaving out zeros changes no
// bit of a sum. The listed ones of the s-th `keys_a_sum` keys in that order end before to[ends[s]].
SKIPMAX_INLINE void order_in_streams(const key_number* list, index count, index range,
                                     index keys_a_sum, key_number* to, index* ends) {
  constexpr index streams = keys_in_streams::streams, word_bits = 64;
  const keys_in_streams all{range, 0, range};
  const index quarter = range / streams;
  std::uint64_t listed[keys_in_streams::most / word_bits] = {};  // bit n: the n-th in stream order
  index i = 0;
  const auto mark = [&](index end, index start, index step, index origin) SKIPMAX_LAMBDA {
    for (; i < count && list[i] < end; ++i) {
      const index n = (list[i] - start) * step + origin;
      listed[n / word_bits] |= std::uint64_t{1} << n % word_bits;
    }
  };
  for (index s = 0, start = 0; s < streams; ++s, start += quarter)
    mark(start + quarter, start, streams, s);
  mark(range, 0, 1, 0);
  index found = 0;
  for (index first = 0; first < range; first += word_bits) {
    for (std::uint64_t bits = listed[first / word_bits]; bits != 0; bits &= bits - 1)
      to[found++] = static_cast<key_number>(all[first + __builtin_ctzll(bits)]);
    ends[first / keys_a_sum] = found;
  }
}

// Prefetches the rows that come `ahead` keys later in a list, or in each stream, none if ahead is 0.
template <class Isa, class T, class X, class Keys>
SKIPMAX_NOINLINE void value_rows(const T* weights, index weight_stride, int rows,
                                 row_matrix<const X> v, Keys keys, row_matrix<T> sum, index width,
                                 index ahead) {
  constexpr int streams = keys_in_streams::streams;
  index n = 0;
  for (; n + streams <= keys.count; n += streams) {
    key_step<streams> step{{}, {}, ahead > 0};
#pragma GCC unroll 4
    for (int s = 0; s < streams; ++s) {
      step.now[s] = keys.of_streams(n, s);
      step.later[s] = keys.later(n, s, ahead);
    }
    add_values_to_rows<Isa>(weights, weight_stride, rows, v, step, sum, width);
  }
  for (; n < keys.count; ++n)
    add_values_to_rows<Isa>(weights, weight_stride, rows, v, key_step<1>{{keys[n]}, {}, false}, sum,
                            width);
}

}  // namespace v0
}  // namespace skipmax
