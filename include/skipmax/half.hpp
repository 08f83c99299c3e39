// 16-bit formats in which tensors may be stored, with the same bits as Eigen::bfloat16 and
// Eigen::half or any other array in these formats.
//
//   bf16   1 sign, 8 exponent, 7 mantissa bits: the upper half of a float
//   f16    1 sign, 5 exponent, 10 mantissa bits: IEEE 754 binary16
//
// All arithmetic is in float. Conversion to float is exact; conversion from float rounds to
// nearest, ties to even, and overflows to infinity. Infinity, denormals and NaN stay what they are.
#pragma once

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// U is std::uint32_t and F is float, or both are vectors of as many of them: one formula serves a
// number and a register. A 16-bit number is in the low half of U.

template <class U>
SKIPMAX_INLINE constexpr U float_bits_of_bf16(U h) {
  return h << 16;
}

template <class U>
SKIPMAX_INLINE constexpr U bf16_of_float_bits(U x) {
  const U rounded = x + (((x >> 16) & 1u) + 0x7fffu), quiet = x | 0x400000u;
  return ((x & 0x7fffffffu) > 0x7f800000u ? quiet : rounded) >> 16;
}

// Moves the exponent from bias 15 to 127. A denormal first gets the exponent of the smallest normal
// f16, whose value is then subtracted: no operation sees a denormal float.
template <class F, class U>
SKIPMAX_INLINE constexpr U float_bits_of_f16(U h) {
  constexpr std::uint32_t rebias = (127u - 15u) << 23, smallest = 113u << 23;
  const U magnitude = (h & 0x7fffu) << 13, exponent = magnitude & 0x0f800000u;
  const F with_exponent = __builtin_bit_cast(F, magnitude + smallest);
  const U smallest_bits = U{} + smallest;
  const U of_denormal = __builtin_bit_cast(U, with_exponent - __builtin_bit_cast(F, smallest_bits));
  const U of_normal = magnitude + rebias, of_special = of_normal + rebias;
  const U result = exponent == 0u ? of_denormal : exponent == 0x0f800000u ? of_special : of_normal;
  return result | (h & 0x8000u) << 16;
}

// Adding 1/2 rounds an f16 denormal: the last bit of the float sum is 2^-24, as in the denormal.
template <class F, class U>
SKIPMAX_INLINE constexpr U f16_of_float_bits(U x) {
  constexpr std::uint32_t rebias = (127u - 15u) << 23, half = 126u << 23;
  const U magnitude = x & 0x7fffffffu, half_bits = U{} + half;
  const U small = magnitude < (113u << 23) ? magnitude : U{};  // the others stay out of the sum
  const U of_denormal =
      __builtin_bit_cast(U, __builtin_bit_cast(F, small) + __builtin_bit_cast(F, half_bits)) - half;
  const U of_normal = (magnitude - rebias + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  const U infinity = U{} + 0x7c00u, quiet = ((magnitude >> 13) & 0x3ffu) | 0x7e00u;
  const U of_special = magnitude > 0x7f800000u ? quiet : infinity;
  const U result = magnitude >= (143u << 23)  ? of_special
                   : magnitude < (113u << 23) ? of_denormal
                                              : of_normal;
  return result | (x >> 16 & 0x8000u);
}

}  // namespace detail

struct __attribute__((may_alias)) bf16 {
  std::uint16_t bits;

  bf16() = default;
  SKIPMAX_INLINE constexpr explicit bf16(float x)
      : bits(static_cast<std::uint16_t>(
            detail::bf16_of_float_bits(__builtin_bit_cast(std::uint32_t, x)))) {}
  SKIPMAX_INLINE constexpr operator float() const {
    return __builtin_bit_cast(float, detail::float_bits_of_bf16(std::uint32_t{bits}));
  }
};

struct __attribute__((may_alias)) f16 {
  std::uint16_t bits;

  f16() = default;
  SKIPMAX_INLINE constexpr explicit f16(float x)
      : bits(static_cast<std::uint16_t>(
            detail::f16_of_float_bits<float>(__builtin_bit_cast(std::uint32_t, x)))) {}
  SKIPMAX_INLINE constexpr operator float() const {
    return __builtin_bit_cast(float, detail::float_bits_of_f16<float>(std::uint32_t{bits}));
  }
};

template <class S>
inline constexpr bool is_half = false;
template <>
inline constexpr bool is_half<bf16> = true;
template <>
inline constexpr bool is_half<f16> = true;

// The type in which numbers stored as S are computed with.
template <class S>
struct computed {
  using type = S;
};
template <class S>
requires is_half<S>
struct computed<S> {
  using type = float;
};
template <class S>
using computed_t = typename computed<S>::type;

}  // namespace v0
}  // namespace skipmax
