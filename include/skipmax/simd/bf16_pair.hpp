// A pair of bf16 numbers, the operand of AVX512-BF16. Packed q, k, v and weights hold elements E,
// which are T or pairs; with pairs one step of the inner loop covers two numbers of the depth.
//
//   acc[lane] += row.first * column[lane].first + row.second * column[lane].second
//
// The instruction rounds its sums to nearest even in every rounding mode, and treats denormals as
// zero, bf16 or float, in its operands and its result. Registers of pairs are passed around as
// registers of float with the same bits.
#pragma once

#include <type_traits>

#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/xsimd_compat.hpp"

namespace skipmax {
inline namespace v0 {

struct __attribute__((may_alias)) bf16_pair {
  std::uint32_t bits;  // the first in the low half
};

template <class E>
inline constexpr bool is_pair = std::is_same_v<E, bf16_pair>;

template <class Isa>
inline constexpr bool has_pair_products =
#if defined(__AVX512BF16__) && defined(__AVX512F__)
    sizeof(simd<float, Isa>) == 64;
#else
    false;
#endif

// The type that an element of packed memory is computed in, and how many numbers it holds.
template <class E>
using number_of = std::conditional_t<is_pair<E>, float, E>;
template <class E>
inline constexpr index numbers_in = is_pair<E> ? 2 : 1;

// Elements of packed memory that hold `numbers` numbers.
template <class E>
SKIPMAX_INLINE constexpr index packed_elements(index numbers) {
  return ceil_div(numbers, numbers_in<E>);
}

// A register of E, from element x of one of the caller's rows on. Any alignment.
template <class E, class Isa, class S>
SKIPMAX_INLINE simd<number_of<E>, Isa> load_packed(const S* row, index x) {
  using V = simd<number_of<E>, Isa>;
  if constexpr (is_pair<E>) {
    typename V::register_type bits;
    __builtin_memcpy(&bits, row + 2 * x, sizeof bits);
    return {bits};
  } else {
    return load_stored<Isa, E>(row + x);
  }
}

// a b + c for numbers or pairs; a is a register or a row_operand.
template <class E, class Row, class V>
SKIPMAX_INLINE V multiply_packed(Row a, V b, V c) {
  if constexpr (!is_pair<E>) {
    return compat::fma(a, b, c);
  } else {
#if defined(__AVX512BF16__) && defined(__AVX512F__)
    return {_mm512_dpbf16_ps(c, __builtin_bit_cast(__m512bh, a.data),
                             __builtin_bit_cast(__m512bh, b.data))};
#else
    static_assert(!is_pair<E>);
#endif
  }
}

// Stores NV registers of numbers to aligned packed memory, rounded if it holds pairs.
template <class V, std::size_t NV, class T>
SKIPMAX_INLINE void store_packed(T* to, const V (&x)[NV]) {
#pragma GCC unroll 2
  for (std::size_t v = 0; v < NV; ++v) x[v].store_aligned(to + v * V::size);
}
#if defined(__AVX512BF16__) && defined(__AVX512F__)
template <class V>
SKIPMAX_INLINE __m512i pairs_of(const V (&x)[2]) {
  return __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(x[1], x[0]));
}
template <class V>
SKIPMAX_INLINE __m256i pairs_of(const V (&x)[1]) {
  return __builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(x[0]));
}
template <class V>
SKIPMAX_INLINE void store_packed(bf16_pair* to, const V (&x)[2]) {
  _mm512_store_si512(to, pairs_of(x));
}
template <class V>
SKIPMAX_INLINE void store_packed(bf16_pair* to, const V (&x)[1]) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), pairs_of(x));
}
#endif

// Stores NV registers of sums of products of E to one of the caller's rows, at any alignment. The
// instruction that rounds two registers would flush denormals to zero. A row may also be stored in
// other ways, which round them, so registers with denormals are rounded by store_rounded.
template <class E, class Isa, class T, std::size_t NV, class Out>
SKIPMAX_INLINE void store_sums(Out* to, const simd<T, Isa> (&x)[NV]) {
#if defined(__AVX512BF16__) && defined(__AVX512F__)
  if constexpr (is_pair<E> && std::is_same_v<Out, bf16> && NV == 2) {
    const unsigned denormal =
        _mm512_fpclass_ps_mask(x[0], 0x20) | _mm512_fpclass_ps_mask(x[1], 0x20);
    if (denormal == 0) {
      const auto rounded = pairs_of(x);
      __builtin_memcpy(to, &rounded, sizeof rounded);
      return;
    }
  }
#endif
#pragma GCC unroll 2
  for (std::size_t v = 0; v < NV; ++v) store_rounded<Isa, T>(to + v * lanes<T, Isa>, x[v]);
}

// sum plus what store_packed stores of x. Numbers are added lane by lane; pairs are rounded first,
// and both numbers of a pair are added to one lane.
template <class E, class V, std::size_t NV>
SKIPMAX_INLINE V add_packed(V sum, const V (&x)[NV]) {
  if constexpr (!is_pair<E>) {
    V all = x[0];
#pragma GCC unroll 2
    for (std::size_t v = 1; v < NV; ++v) all = all + x[v];
    return sum + all;
  } else {
#if defined(__AVX512BF16__) && defined(__AVX512F__)
    const V ones = __builtin_bit_cast(V, _mm512_set1_epi32(0x3f803f80));
    if constexpr (NV == 2)
      return multiply_packed<E>(V(__builtin_bit_cast(__m512, pairs_of(x))), ones, sum);
    else
      // zeros in the upper half: g++ 12 warns about the intrinsic that does this
      return multiply_packed<E>(
          V(__builtin_bit_cast(
              __m512, __builtin_shufflevector(pairs_of(x), __m256i{}, 0, 1, 2, 3, 4, 5, 6, 7))),
          ones, sum);
#endif
  }
}

// x, rounded as store_packed rounds it.
template <class E, class Isa>
SKIPMAX_INLINE simd<number_of<E>, Isa> round_as(const simd<number_of<E>, Isa>& x) {
  if constexpr (!is_pair<E>) {
    return x;
  } else {
    bf16 rounded[lanes<float, Isa>];
    store_rounded<Isa, float>(rounded, x);
    return load_stored<Isa, float>(rounded);
  }
}

// Stores a register of pairs (first[i], second[i]), second[i] = 0 without a second row. Unaligned.
template <class Isa>
SKIPMAX_INLINE void pair_rows(bf16_pair* to, const bf16* first, const bf16* second) {
  constexpr int W = lanes<float, Isa>;
  auto pairs = detail::widen_halves<W>(first);
  if (second) pairs |= detail::widen_halves<W>(second) << 16;
  __builtin_memcpy(to, &pairs, sizeof pairs);
}

// Reads and writes the n-th number of packed memory; packed_number_of is its type.
template <class T>
SKIPMAX_INLINE T packed_number(const T* from, index n) {
  return from[n];
}
SKIPMAX_INLINE float packed_number(const bf16_pair* from, index n) {
  return reinterpret_cast<const bf16*>(from)[n];
}
template <class T>
SKIPMAX_INLINE void set_packed(T* to, index n, T value) {
  to[n] = value;
}
SKIPMAX_INLINE void set_packed(bf16_pair* to, index n, bf16 value) {
  reinterpret_cast<bf16*>(to)[n] = value;
}
template <class E>
using packed_number_of = std::conditional_t<is_pair<E>, bf16, E>;

}  // namespace v0
}  // namespace skipmax
