// Any pattern at all: a flag for each pair of a query row and a key, set where the row sees the
// key.
//
//   dense_mask{data, batch, heads, query_length, key_length}    a byte each, not zero where visible
//   bit_mask{data, batch, heads, query_length, key_length}      bit j % 8 of byte j / 8 of a row
//
// [batch or 1, heads or 1, query length, key length]; rows lie one after the other, each from
// a byte of its own on, or row_stride bytes apart. What the interval masks can say
// they say faster: these hide single keys of tiles that are computed all the same.
#pragma once

#include <type_traits>

#include "skipmax/mask/mask_policy.hpp"
#include "skipmax/simd/flags.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// The sizes and the pointer of a mask that holds a flag for each pair of a query row and a key.
template <class Mask>
SKIPMAX_INLINE void check_flags(const char* name, const Mask& mask, const problem& p,
                                error_message& error) {
  const bool fits = (mask.batch == 1 || mask.batch == p.batch) &&
                    (mask.heads == 1 || mask.heads == p.heads) &&
                    mask.query_length == p.query_length && mask.key_length == p.key_length;
  const bool empty =
      mask.batch == 0 || mask.heads == 0 || mask.query_length == 0 || mask.key_length == 0;
  if (fits && (mask.data || empty)) return;
  error << name << (fits ? ": data: found a null pointer, wanted [" : ": found [") << mask.batch
        << ", " << mask.heads << ", " << mask.query_length << ", " << mask.key_length << "]";
  if (fits) return;
  error << ", wanted [" << one_or{p.batch} << ", " << one_or{p.heads} << ", " << p.query_length
        << ", " << p.key_length
        << "], the batch and heads of q and the lengths of q and k "
           "(of segments: their number and the longest)";
}

}  // namespace detail

template <class Flag = std::uint8_t>
struct dense_mask {
  static_assert(sizeof(Flag) == 1 && std::is_integral_v<Flag>,
                "skipmax: dense_mask takes a byte for each key: bool or std::uint8_t");
  static constexpr bool hides_keys = true;

  const Flag* data = nullptr;  // [batch or 1, heads or 1, query length, key length]
  index batch = 0, heads = 0, query_length = 0, key_length = 0;
  index row_stride = key_length;  // from one row to the next

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, at.key_length}; }

  // 0 for a key that the row sees, -infinity for one that it does not.
  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    const index b = batch == 1 ? 0 : at.batch, h = heads == 1 ? 0 : at.head;
    const index row = ((b * heads + h) * query_length + at.query) * row_stride;
    return hidden_by_bytes<V>(reinterpret_cast<const std::uint8_t*>(data) + row + key);
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    detail::check_flags("mask dense_mask", *this, p, error);
  }
};
template <class Flag, class... Sizes>
dense_mask(const Flag*, Sizes...) -> dense_mask<Flag>;
template <class Flag>
inline constexpr bool moves_forward<dense_mask<Flag>> = true;

struct bit_mask {
  static constexpr bool hides_keys = true;

  const std::uint8_t* data = nullptr;  // [batch or 1, heads or 1, query length, bytes of a row]
  index batch = 0, heads = 0, query_length = 0, key_length = 0;
  index row_stride = key_length / 8 + (key_length % 8 != 0);  // bytes from one row to the next

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, at.key_length}; }

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    const index b = batch == 1 ? 0 : at.batch, h = heads == 1 ? 0 : at.head;
    const index row = ((b * heads + h) * query_length + at.query) * row_stride;
    return hidden_by_bits<V>(data + row, key);
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    detail::check_flags("mask bit_mask", *this, p, error);
  }
};
template <>
inline constexpr bool moves_forward<bit_mask> = true;

}  // namespace v0
}  // namespace skipmax
