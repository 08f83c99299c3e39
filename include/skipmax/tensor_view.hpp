// A strided view of a tensor [batch, length, heads, dim] whose last axis has unit stride.
//
//   element (b, l, h, x) = data[b * batch_stride + l * length_stride + h * head_stride + x]
//
// A view owns nothing and is passed by value. Strides count elements.
#pragma once

#include <type_traits>

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

// Rows of a matrix, `stride` elements apart.
template <class T>
struct row_matrix {
  T* data;
  index stride;
};

// The same from row or column `first` on.
template <class T>
SKIPMAX_INLINE row_matrix<T> rows_from(row_matrix<T> x, index first) {
  return {x.data + first * x.stride, x.stride};
}
template <class T>
SKIPMAX_INLINE row_matrix<T> columns_from(row_matrix<T> x, index first) {
  return {x.data + first, x.stride};
}

// a * b, wrapped on overflow: for sizes and strides not checked yet, and for distances that may
// point beyond all memory.
SKIPMAX_INLINE constexpr index wrapped_product(index a, index b) {
  return static_cast<index>(static_cast<std::uintptr_t>(a) * static_cast<std::uintptr_t>(b));
}

// Strides of batch, length and head in elements, for the last argument of the factories below.
struct strides {
  index batch, length, head;
};

template <class T>
struct tensor_view {
  using value_type = std::remove_const_t<T>;

  T* data = nullptr;
  index batch = 0, length = 0, heads = 0, dim = 0;
  index batch_stride = 0, length_stride = 0, head_stride = 0;

  // The dim contiguous elements of one position of one head.
  SKIPMAX_INLINE T* row(index b, index l, index h) const {
    return data + b * batch_stride + l * length_stride + h * head_stride;
  }

  SKIPMAX_INLINE operator tensor_view<const T>() const requires(!std::is_const_v<T>) {
    return {data, batch, length, heads, dim, batch_stride, length_stride, head_stride};
  }
};

template <class T>
SKIPMAX_INLINE bool is_empty(const tensor_view<T>& x) {
  return x.batch == 0 || x.length == 0 || x.heads == 0 || x.dim == 0;
}

template <class T>
inline constexpr bool is_tensor_view = false;
template <class T>
inline constexpr bool is_tensor_view<tensor_view<T>> = true;

// [batch, length, heads, dim], contiguous or with the strides given.
template <class T>
SKIPMAX_INLINE tensor_view<T> blhd(T* data, index batch, index length, index heads, index dim,
                                   strides s) {
  return {data, batch, length, heads, dim, s.batch, s.length, s.head};
}
template <class T>
SKIPMAX_INLINE tensor_view<T> blhd(T* data, index batch, index length, index heads, index dim) {
  const index row = wrapped_product(heads, dim);
  return blhd(data, batch, length, heads, dim, {wrapped_product(length, row), row, dim});
}

// [batch, heads, length, dim], contiguous or with the strides given.
template <class T>
SKIPMAX_INLINE tensor_view<T> bhld(T* data, index batch, index heads, index length, index dim,
                                   strides s) {
  return {data, batch, length, heads, dim, s.batch, s.length, s.head};
}
template <class T>
SKIPMAX_INLINE tensor_view<T> bhld(T* data, index batch, index heads, index length, index dim) {
  const index head = wrapped_product(length, dim);
  return bhld(data, batch, heads, length, dim, {wrapped_product(heads, head), dim, head});
}

// [length, heads, dim]: one sequence.
template <class T>
SKIPMAX_INLINE tensor_view<T> lhd(T* data, index length, index heads, index dim, strides s) {
  return blhd(data, 1, length, heads, dim, s);
}
template <class T>
SKIPMAX_INLINE tensor_view<T> lhd(T* data, index length, index heads, index dim) {
  return blhd(data, 1, length, heads, dim);
}

// [length, dim]: one head of one sequence.
template <class T>
SKIPMAX_INLINE tensor_view<T> ld(T* data, index length, index dim, strides s) {
  return blhd(data, 1, length, 1, dim, s);
}
template <class T>
SKIPMAX_INLINE tensor_view<T> ld(T* data, index length, index dim) {
  return blhd(data, 1, length, 1, dim);
}

// Views of the three parts of one fused projection, in place.
template <class T>
struct qkv_views {
  tensor_view<T> q, k, v;
};

// data is [batch, length, (heads + 2 kv_heads) * dim]: all heads of q, then of k, then of v. A null
// pointer stays null in all three views, so that the error names what is missing.
template <class T>
SKIPMAX_INLINE qkv_views<T> split_qkv(T* data, index batch, index length, index heads,
                                      index kv_heads, index dim) {
  const index q_width = wrapped_product(heads, dim), k_width = wrapped_product(kv_heads, dim);
  const auto width = static_cast<index>(static_cast<std::uintptr_t>(q_width) +
                                        2 * static_cast<std::uintptr_t>(k_width));
  const strides s{wrapped_product(length, width), width, dim};
  T* k = data ? data + q_width : nullptr;
  T* v = data ? k + k_width : nullptr;
  return {blhd(data, batch, length, heads, dim, s), blhd(k, batch, length, kv_heads, dim, s),
          blhd(v, batch, length, kv_heads, dim, s)};
}

}  // namespace v0
}  // namespace skipmax
