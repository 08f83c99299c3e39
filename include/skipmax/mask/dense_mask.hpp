// Any pattern at all: a flag for each pair of a query row and a key, set if the row sees the key.
//
//   dense_mask{data, batch, heads, query_length, key_length}    a byte each, not zero if visible
//   bit_mask{data, batch, heads, query_length, key_length}      bit j % 8 of byte j / 8 of a row
//
// [batch or 1, heads or 1, query length or 1, key length]: a size of 1 serves all. Each row starts
// at a byte of its own, right after the row before or row_stride bytes apart (0: one row for all).
// Interval masks are faster where they will do: these hide single keys of tiles computed anyway.
#pragma once

#include <type_traits>

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/error.hpp"
#include "skipmax/mask/mask_policy.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/flags.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// The byte offset of a row's flags.
template <class Mask>
SKIPMAX_INLINE index flags_of_row(const Mask& mask, row_position at) {
  const index b = mask.batch == 1 ? 0 : at.batch, h = mask.heads == 1 ? 0 : at.head;
  const index query = mask.query_length == 1 ? 0 : at.query;
  return ((b * mask.heads + h) * mask.query_length + query) * mask.row_stride;
}

// Checks the array of a mask whose rows take row_bytes bytes.
template <class Mask>
SKIPMAX_INLINE void check_flags(const char* name, const Mask& mask, index row_bytes,
                                const problem& p, error_message& error) {
  check_pairs(name, mask, p, error);
  if (error.empty() && mask.row_stride != 0 && mask.row_stride < row_bytes)
    error << name << ": row_stride: found " << mask.row_stride << ", wanted 0 or at least "
          << row_bytes << ", the bytes of a row";
}

}  // namespace detail

template <class Flag = std::uint8_t>
struct dense_mask {
  static_assert(sizeof(Flag) == 1 && std::is_integral_v<Flag>,
                "skipmax: dense_mask takes a byte for each key: bool or std::uint8_t");
  static constexpr bool hides_keys = true;

  const Flag* data = nullptr;  // [batch or 1, heads or 1, query length or 1, key length]
  index batch = 0, heads = 0, query_length = 0, key_length = 0;
  index row_stride = key_length;  // bytes from one row to the next

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, at.key_length}; }

  // 0 for a key that the row sees, -infinity for one that it does not.
  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    return addend_of_bytes<V>(reinterpret_cast<const std::uint8_t*>(data) +
                              detail::flags_of_row(*this, at) + key);
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    detail::check_flags("mask dense_mask", *this, key_length, p, error);
  }
};
template <class Flag, class... Sizes>
dense_mask(const Flag*, Sizes...) -> dense_mask<Flag>;
template <class Flag>
inline constexpr bool moves_forward<dense_mask<Flag>> = true;

struct bit_mask {
  static constexpr bool hides_keys = true;

  const std::uint8_t* data =
      nullptr;  // [batch or 1, heads or 1, query length or 1, bytes of a row]
  index batch = 0, heads = 0, query_length = 0, key_length = 0;
  index row_stride = row_bytes(key_length);  // bytes from one row to the next

  SKIPMAX_INLINE static constexpr index row_bytes(index keys) { return keys / 8 + (keys % 8 != 0); }

  SKIPMAX_INLINE key_range visible(row_position at) const { return {0, at.key_length}; }

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    return addend_of_bits<V>(data + detail::flags_of_row(*this, at), key);
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    detail::check_flags("mask bit_mask", *this, row_bytes(key_length), p, error);
  }
};
template <>
inline constexpr bool moves_forward<bit_mask> = true;

}  // namespace v0
}  // namespace skipmax
