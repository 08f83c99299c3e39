// Loads and stores registers of T from and to memory of T or, if T is float, of bf16 or f16. Any
// alignment.
//
//   load_stored<Isa, T>(from)      lanes i = 0 .. W - 1 = T(from[i])
//   store_rounded<Isa>(to, v)      to[i] = S(v[i]), as in half.hpp
//
// Instructions convert f16 if there are any (F16C, NEON), and round to bf16 (AVX512-BF16, ARM BF16)
// unless they would flush a denormal to zero. All else is integer arithmetic in registers.
#pragma once

#include <type_traits>

#include "skipmax/half.hpp"
#include "skipmax/simd/isa.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace skipmax {
inline namespace v0 {

namespace detail {

template <int W>
struct half_lanes {
  using halves __attribute__((vector_size(2 * W))) = std::uint16_t;
  using bits __attribute__((vector_size(4 * W))) = std::uint32_t;
  using floats __attribute__((vector_size(4 * W))) = float;
};

template <int W>
SKIPMAX_INLINE auto load_halves(const void* from) {
  typename half_lanes<W>::halves stored;
  __builtin_memcpy(&stored, from, sizeof stored);
  return stored;
}

// Loads 16-bit numbers into the low halves of lanes: one instruction, but without the intrinsic g++
// widens each half of the register by itself.
template <int W>
SKIPMAX_INLINE auto widen_halves(const void* from) {
  using bits = typename half_lanes<W>::bits;
  const auto stored = load_halves<W>(from);
#if defined(__AVX512F__)
  if constexpr (W == 16)
    return __builtin_bit_cast(
        bits, _mm512_maskz_cvtepu16_epi32(0xffff, __builtin_bit_cast(__m256i, stored)));
  else
#endif
#if defined(__AVX2__)
      if constexpr (W == 8)
    return __builtin_bit_cast(bits, _mm256_cvtepu16_epi32(__builtin_bit_cast(__m128i, stored)));
  else
#endif
    return __builtin_convertvector(stored, bits);
}

// Loads and widens by instruction, if there is a suitable one; else returns false.
template <class V, class S>
SKIPMAX_INLINE bool widens_in_hardware([[maybe_unused]] const S* from, [[maybe_unused]] V& v) {
  if constexpr (std::is_same_v<S, f16>) {
#if defined(__AVX512F__)
    if constexpr (sizeof v == 64) {
      const auto halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      v = _mm512_maskz_cvtph_ps(0xffff, halves);
      return true;
    }
#endif
#if defined(__F16C__)
    if constexpr (sizeof v == 32) {
      v = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
      return true;
    }
#elif defined(__aarch64__)
    if constexpr (sizeof v == 16) {
      v = vcvt_f32_f16(__builtin_bit_cast(float16x4_t, load_halves<4>(from)));
      return true;
    }
#endif
  }
#if defined(__aarch64__)
  if constexpr (std::is_same_v<S, bf16> && sizeof v == 16) {  // two instructions otherwise
    const auto halves = __builtin_bit_cast(uint16x4_t, load_halves<4>(from));
    v = vreinterpretq_f32_u32(vshll_n_u16(halves, 16));
    return true;
  }
#endif
  return false;
}

// Rounds to nearest, denormals and NaN included, and stores by instruction; else returns false.
// AVX512-BF16's instruction would flush denormals to zero.
template <class S, class V>
SKIPMAX_INLINE bool rounds_in_hardware([[maybe_unused]] S* to, [[maybe_unused]] const V& v) {
  if constexpr (std::is_same_v<S, f16>) {
#if defined(__F16C__) || defined(__AVX512F__)
    [[maybe_unused]] constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
#endif
#if defined(__AVX512F__)
    if constexpr (sizeof v == 64) {
      const auto halves = _mm512_maskz_cvtps_ph(0xffff, v, nearest);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
      return true;
    }
#endif
#if defined(__F16C__)
    if constexpr (sizeof v == 32) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(v, nearest));
      return true;
    }
#elif defined(__aarch64__)
    if constexpr (sizeof v == 16) {
      const auto halves = vcvt_f16_f32(v);
      __builtin_memcpy(to, &halves, sizeof halves);
      return true;
    }
#endif
  }
#if defined(__AVX512BF16__) && defined(__AVX512DQ__)
  if constexpr (sizeof v == 64 && std::is_same_v<S, bf16>) {
    if (_mm512_fpclass_ps_mask(v, 0x20) != 0) return false;  // denormal
    const auto halves = __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
    return true;
  }
#elif defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
  if constexpr (sizeof v == 16 && std::is_same_v<S, bf16>) {
    const auto halves = vcvt_bf16_f32(v);
    __builtin_memcpy(to, &halves, sizeof halves);
    return true;
  }
#endif
  return false;
}

}  // namespace detail

template <class Isa, class T, class S>
SKIPMAX_INLINE simd<T, Isa> load_stored(const S* from) {
  using V = simd<T, Isa>;
  if constexpr (std::is_same_v<S, T>) {
    return V::load_unaligned(from);
  } else {
    static_assert(is_half<S> && std::is_same_v<T, float>);
    using of = detail::half_lanes<lanes<T, Isa>>;
    V widened;
    if (detail::widens_in_hardware(from, widened)) return widened;
    auto bits = detail::widen_halves<lanes<T, Isa>>(from);
    if constexpr (std::is_same_v<S, bf16>)
      bits = detail::float_bits_of_bf16(bits);
    else
      bits = detail::float_bits_of_f16<typename of::floats>(bits);
    return {__builtin_bit_cast(typename V::register_type, bits)};
  }
}

template <class Isa, class T, class S>
SKIPMAX_INLINE void store_rounded(S* to, const simd<T, Isa>& v) {
  if constexpr (std::is_same_v<S, T>) {
    v.store_unaligned(to);
  } else {
    static_assert(is_half<S> && std::is_same_v<T, float>);
    using of = detail::half_lanes<lanes<T, Isa>>;
    if (detail::rounds_in_hardware(to, v)) return;
    auto bits = __builtin_bit_cast(typename of::bits, v.data);
    if constexpr (std::is_same_v<S, bf16>)
      bits = detail::bf16_of_float_bits(bits);
    else
      bits = detail::f16_of_float_bits<typename of::floats>(bits);
    const auto stored = __builtin_convertvector(bits, typename of::halves);
    __builtin_memcpy(to, &stored, sizeof stored);
  }
}

}  // namespace v0
}  // namespace skipmax
