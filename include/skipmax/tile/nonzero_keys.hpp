// Which keys have a weight that is not zero: the others need no value row.
//
//   list[0 .. count) = the j in [0, keys) with weights[r][j] != 0 for any of R rows, in order
//   weights [R][Stride]; a NaN is not zero
//
// For pairs of bf16, j counts pairs: one is needed if either of its weights is not zero.
// AVX-512 VBMI2 has an instruction for it. Elsewhere eight flags at a time index a table of the
// places of their set bits: all eight are stored, and the list grows by the number of set bits.
#pragma once

#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/xsimd_compat.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

using key_number = std::uint16_t;  // within a tile

// Room for a list of `keys`: stores reach beyond its end.
SKIPMAX_INLINE constexpr index room_of_list(index keys) {
  return keys + 32;
}

// at[bits]: the places of the bits that are set, from the lowest on; then zeros.
template <class Isa>
struct places_of_bits {
  struct table {
    std::uint8_t at[256][8];
  };
  static constexpr table make() {
    table t{};
    for (int bits = 0; bits < 256; ++bits)
      for (int place = 0, count = 0; place < 8; ++place)
        if ((bits >> place & 1) != 0) t.at[bits][count++] = static_cast<std::uint8_t>(place);
    return t;
  }
  static constexpr table places = make();
};

// Keys whose flags are found in one step.
template <class T, class Isa>
inline constexpr index flags_a_step = lanes<T, Isa> < 8 ? 8 : lanes<T, Isa>;

// One bit for each element of a register of weights, set if it is not zero. Any alignment.
template <class Isa, class T>
SKIPMAX_INLINE unsigned nonzero_elements(const T* weights) {
  return compat::nonzero_lanes(simd<T, Isa>::load_unaligned(weights));
}
#if defined(__AVX512F__)
template <class Isa>
SKIPMAX_INLINE unsigned nonzero_elements(const bf16_pair* weights) {
  return _mm512_test_epi32_mask(_mm512_loadu_si512(weights), _mm512_set1_epi32(0x7fff7fff));
}
#endif

// One bit for each key of a step, set if any of R rows needs it. May read weights beyond `keys`.
template <class Isa, int R, index Stride, class E>
SKIPMAX_INLINE unsigned nonzero_flags(const E* weights, index keys) {
  constexpr index W = lanes<number_of<E>, Isa>, step = flags_a_step<number_of<E>, Isa>;
  unsigned flags = 0;
#pragma GCC unroll 4
  for (index i = 0; i < step; i += W)
#pragma GCC unroll 4
    for (index r = 0; r < R; ++r) flags |= nonzero_elements<Isa>(weights + r * Stride + i) << i;
  return keys < step ? flags & ((1u << keys) - 1) : flags;
}

// to[0 ..) = first + the places of the flags that are set.
template <class Isa>
SKIPMAX_INLINE void store_places(key_number* to, unsigned flags, key_number first) {
  const std::uint8_t* places = places_of_bits<Isa>::places.at[flags];
#if defined(__SSE4_1__)
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(places));
  const __m128i found =
      _mm_add_epi16(_mm_cvtepu8_epi16(bytes), _mm_set1_epi16(static_cast<short>(first)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), found);
#elif defined(__aarch64__)
  vst1q_u16(to, vaddw_u8(vdupq_n_u16(first), vld1_u8(places)));
#else
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) to[i] = static_cast<key_number>(first + places[i]);
#endif
}

template <class Isa, int R, index Stride, class E>
SKIPMAX_INLINE index list_by_table(const E* weights, index keys, key_number* list) {
  constexpr index step = flags_a_step<number_of<E>, Isa>;
  key_number* to = list;
  for (index j = 0; j < keys; j += step) {
    const unsigned flags = nonzero_flags<Isa, R, Stride>(weights + j, keys - j);
#pragma GCC unroll 2
    for (index i = 0; i < step; i += 8) {
      const unsigned eight = flags >> i & 255;
      store_places<Isa>(to, eight, static_cast<key_number>(j + i));
      to += __builtin_popcount(eight);
    }
  }
  return to - list;
}

#if defined(__AVX512VBMI2__)
template <class Isa>
struct first_keys {
  static constexpr key_number at[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
};

// 32 keys at a time: a key is needed if any bit of its weights but the sign is set.
template <class Isa, int R, index Stride, class E>
SKIPMAX_INLINE index list_by_compression(const E* weights, index keys, key_number* list) {
  const __m512i not_sign = _mm512_set1_epi32(is_pair<E> ? 0x7fff7fff : 0x7fffffff);
  const __m512i step = _mm512_set1_epi16(32);
  const auto flags_of = [&](const E* at) SKIPMAX_LAMBDA {
    __m512i bits = _mm512_loadu_si512(at);
#pragma GCC unroll 4
    for (index r = 1; r < R; ++r) bits = _mm512_or_si512(bits, _mm512_loadu_si512(at + r * Stride));
    return _mm512_test_epi32_mask(bits, not_sign);
  };
  __m512i numbers = _mm512_loadu_si512(first_keys<Isa>::at);
  key_number* to = list;
  for (; keys > 0; keys -= 32, weights += 32, numbers = _mm512_add_epi16(numbers, step)) {
    __mmask32 flags = keys > 16 ? _mm512_kunpackw(flags_of(weights + 16), flags_of(weights))
                                : static_cast<__mmask32>(flags_of(weights));
    if (keys < 32) flags &= (1u << keys) - 1;
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi16(flags, numbers));
    to += __builtin_popcount(flags);
  }
  return to - list;
}
#endif

template <class Isa, int R, index Stride, class E>
SKIPMAX_INLINE index list_nonzero_keys(const E* weights, index keys, key_number* list) {
#if defined(__AVX512VBMI2__)
  if constexpr (lanes<number_of<E>, Isa> == 16)
    return list_by_compression<Isa, R, Stride>(weights, keys, list);
  else
#endif
    return list_by_table<Isa, R, Stride>(weights, keys, list);
}

// `count` keys of a list that holds `listed` keys from here on. Those to prefetch may lie beyond
// `count`, the last one is repeated.
struct listed_keys {
  const key_number* keys;
  index count, listed;
  SKIPMAX_INLINE index operator[](index n) const { return keys[n]; }
  SKIPMAX_INLINE index of_streams(index n, index stream) const { return keys[n + stream]; }
  SKIPMAX_INLINE index later(index n, index stream, index ahead) const {
    const index at = n + stream + ahead;
    return keys[at < listed ? at : listed - 1];
  }
};

}  // namespace v0
}  // namespace skipmax
