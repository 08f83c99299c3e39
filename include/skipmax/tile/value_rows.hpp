// Sums of weight times value for a few query rows, with values that are read once, in place.
//
//   sum[r][x] += sum_j weights[r][j] v[j][x],  j over all keys of a range, or over a list of them
//   weights [rows][stride], v [keys][width] of any stride and alignment, sum [rows] aligned
//
// Takes one key of each quarter of the range at a time, from the start of their rows to the end,
// for a block of query rows. So memory is read in four streams, which keep it busier than one, and
// the sums, parted if v is, stay in the L1 cache.
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

// P rows by the keys [n, last) of `keys`, K of them at once as long as there are K. If Fetch,
// prefetches the rows that come `ahead` keys later, line by line.
template <class Isa, bool Fetch, int P, int K, class T, class X, class Keys>
SKIPMAX_NOINLINE void add_values_of_keys(const T* weights, index weight_stride,
                                         row_matrix<const X> v, const Keys& keys, index n,
                                         index last, row_matrix<T> sum, index width, index ahead) {
  using V = simd<T, Isa>;
  for (; n + K <= last; n += K) {
    V weight[P][K];
    const X* row[K];
    index later[K];
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) {
      const index key = K == 1 ? keys[n] : keys.of_streams(n, k);
      row[k] = rows_from(v, key).data;
      later[k] = Fetch ? wrapped_product(keys.later(n, k, ahead) - key, v.stride) : 0;
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) weight[p][k] = V(weights[p * weight_stride + key]);
    }
    const auto fetch = [&](int k, index x) SKIPMAX_LAMBDA {
      if (Fetch && x % line_elements<X> == 0) fetch_line(row[k] + x, later[k]);
    };
    const auto step = [&](index x, const V(&value)[K]) SKIPMAX_LAMBDA {
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        T* at = sum.data + p * sum.stride + x;
        V to = V::load_aligned(at);
#pragma GCC unroll 4
        for (int k = 0; k < K; ++k) to = compat::fma(weight[p][k], value[k], to);
        to.store_aligned(at);
      }
    };
    for_each_register<Isa, T, (P > 1)>(row, width, fetch, step);
  }
}

// Takes sixteen keys for one block of rows, then for the next block, or all keys if there is only
// one. Prefetches the rows that come `ahead` keys later in a list, or in each stream, none if ahead
// is 0.
template <class Isa, class T, class X, class Keys>
SKIPMAX_NOINLINE void value_rows(const T* weights, index weight_stride, int rows,
                                 row_matrix<const X> v, Keys keys, row_matrix<T> sum, index width,
                                 index ahead) {
  constexpr int streams = keys_in_streams::streams;
  constexpr index in_l1 = 4 * streams;  // keys whose values stay in L1 from block to block
  const auto add = [&]<int K>(std::integral_constant<int, K>, index n, index last) SKIPMAX_LAMBDA {
    for_each_rows<sharing_rows<T, Isa>>(rows, [&]<int P>(std::integral_constant<int, P>,
                                                         int r) SKIPMAX_LAMBDA {
      with_flag<(K > 1)>(
          ahead > 0 && r == 0, [&]<bool Fetch>(std::bool_constant<Fetch>) SKIPMAX_LAMBDA {
            add_values_of_keys<Isa, Fetch, P, K>(weights + r * weight_stride, weight_stride, v,
                                                 keys, n, last, rows_from(sum, r), width, ahead);
          });
    });
  };
  const index in_streams = keys.count / streams * streams;
  const index some = is_one_block<sharing_rows<T, Isa>>(rows) ? in_streams : in_l1;
  for (index n = 0, next; n < in_streams; n = next) {
    next = n + some < in_streams ? n + some : in_streams;
    add(std::integral_constant<int, streams>{}, n, next);
  }
  if (in_streams < keys.count) add(std::integral_constant<int, 1>{}, in_streams, keys.count);
}

}  // namespace v0
}  // namespace skipmax
