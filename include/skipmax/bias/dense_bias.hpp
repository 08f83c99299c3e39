// Any bias at all: a number for each pair of a query row and a key, -infinity if the row does not
// see the key.
//
//   dense_bias{data, batch, heads, query_length, key_length}              contiguous
//   dense_bias{data, batch, heads, query_length, key_length, {b, row, h}} or strides in elements
//
// [batch or 1, heads or 1, query length or 1, key length]: a size of 1 serves all. The keys of a
// row are contiguous. T is the type of scores: double for tensors of double, float for all others.
// Softmax scales scores by log2(e), so in float a bias beyond 2.3e38 in size is infinite to it: the
// lowest float gives a key no weight, and a row of nothing else is zeros.
#pragma once

#include <type_traits>

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/simd/prefetch.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

template <class T>
struct dense_bias {
  static constexpr bool hides_keys = true;

  const T* data = nullptr;  // [batch or 1, heads or 1, query length or 1, key length]
  index batch = 0, heads = 0, query_length = 0, key_length = 0;
  strides apart{wrapped_product(heads, wrapped_product(query_length, key_length)), key_length,
                wrapped_product(query_length, key_length)};

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    if constexpr (math::scalar<V>) {
      return static_cast<V>(*place(at, key));
    } else {
      static_assert(
          std::is_same_v<math::element_t<V>, T>,
          "skipmax: dense_bias holds numbers of another type than scores: give it a pointer "
          "to double for tensors of double, to float for all others");
      return math::load<V>(place(at, key));
    }
  }

  SKIPMAX_INLINE row_matrix<const T> rows(row_position first, index, index key, index) const {
    return {place(first, key), query_length == 1 ? 0 : apart.length};
  }

  // Rows are too far apart for the hardware prefetcher.
  SKIPMAX_INLINE void fetch(row_position at, index key, index keys) const {
    fetch_rows<T>({place(at, key), 0}, 1, keys);
  }

  SKIPMAX_INLINE index shared_row_bytes() const {
    return heads == 1 && query_length > 1 ? key_length * static_cast<index>(sizeof(T)) : 0;
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    detail::check_pairs("bias dense_bias", *this, p, error);
  }

  SKIPMAX_INLINE const T* place(row_position at, index key) const {
    const index b = batch == 1 ? 0 : at.batch, h = heads == 1 ? 0 : at.head;
    const index query = query_length == 1 ? 0 : at.query;
    return data + b * apart.batch + h * apart.head + query * apart.length + key;
  }
};
template <class T>
dense_bias(const T*, index, index, index, index, strides = {}) -> dense_bias<T>;

}  // namespace v0
}  // namespace skipmax
