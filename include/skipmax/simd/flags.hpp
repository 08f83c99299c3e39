// Turns flags of keys, a byte or a bit each, into what a mask adds to the scores.
//
//   lane i = 0 if flag first + i is set, else -infinity
//
// V is a register of float or double, or a scalar, which takes one flag. Only the bytes that hold
// these flags are read. Byte flags cost a load, a comparison, a widening and a bitwise and.
#pragma once

#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

template <class T>
struct lane_mask;  // the signed integer as wide as T: a lane of a comparison's result
template <>
struct lane_mask<float> {
  using type = std::int32_t;
};
template <>
struct lane_mask<double> {
  using type = std::int64_t;
};

// -infinity in lanes whose bits are all set, 0 in lanes where none is.
template <class V, class Mask>
SKIPMAX_INLINE V minus_infinity_where(const Mask& hidden) {
  const V bits(__builtin_bit_cast(typename V::register_type, hidden));
  return bits & math::constant<V>(-__builtin_inf());
}

}  // namespace detail

// One byte for each key; a flag is set if its byte is not zero.
template <math::scalar T>
SKIPMAX_INLINE T addend_of_bytes(const std::uint8_t* flags) {
  return *flags ? T(0) : static_cast<T>(-__builtin_inf());
}
template <class V>
SKIPMAX_INLINE V addend_of_bytes(const std::uint8_t* flags) requires(!math::scalar<V>) {
  using T = math::element_t<V>;
  using bytes __attribute__((vector_size(sizeof(V) / sizeof(T)))) = std::uint8_t;
  using lanes __attribute__((vector_size(sizeof(V)))) = typename detail::lane_mask<T>::type;
  bytes flag;
  __builtin_memcpy(&flag, flags, sizeof flag);
  // The comparison gives bytes of -1 and 0, which widen to lanes of -1 and 0.
  const lanes hidden = __builtin_convertvector(flag == bytes{}, lanes);
  return detail::minus_infinity_where<V>(hidden);
}

// One bit for each key: flag j is bit j % 8 of byte j / 8.
template <math::scalar T>
SKIPMAX_INLINE T addend_of_bits(const std::uint8_t* flags, index first) {
  return flags[first >> 3] >> (first & 7) & 1 ? T(0) : static_cast<T>(-__builtin_inf());
}
template <class V>
SKIPMAX_INLINE V addend_of_bits(const std::uint8_t* flags, index first) requires(!math::scalar<V>) {
  using T = math::element_t<V>;
  using integer = typename detail::lane_mask<T>::type;
  using lanes __attribute__((vector_size(sizeof(V)))) = integer;
  constexpr int W = sizeof(V) / sizeof(T), whole_bytes = W < 8 ? 1 : W / 8;
  static_assert(W <= 16);
  const std::uint8_t* from = flags + (first >> 3);
  const int shift = static_cast<int>(first & 7);
  // Byte whole_bytes may hold the last flags. If it holds none it may not exist: then an earlier
  // byte is read in its place, and no lane looks at that copy.
  std::uint32_t bits = static_cast<std::uint32_t>(from[(shift + W - 1) >> 3]) << 8 * whole_bytes;
  if constexpr (whole_bytes == 2) bits |= static_cast<std::uint32_t>(from[1]) << 8;
  bits |= from[0];
  lanes own{};
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) own[i] = integer{1} << i;
  const lanes hidden = (own & static_cast<integer>(bits >> shift)) == lanes{};
  return detail::minus_infinity_where<V>(hidden);
}

}  // namespace v0
}  // namespace skipmax
