// Loads rows of bf16 as registers of float, one instruction for each register: of every 2 W numbers
// first those at even places, then those at odd places.
//
//   stored   s_0 s_1 s_2 s_3 ... s_2W-1
//   parted   s_0 s_2 ... s_2W-2, s_1 s_3 ... s_2W-1     and so on; a last W numbers stay in order
//
// Dot products take both factors in this order. Sums of rows are put in order again when they are
// done. Rows of all other types stay in order.
#pragma once

#include <type_traits>
#include <utility>

#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/transpose.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, class S>
inline constexpr bool is_parted = std::is_same_v<T, float>&& std::is_same_v<S, bf16>;

namespace detail {
// from[1], from[3], ..: a mask keeps the upper bf16 of each lane.
template <class Isa>
SKIPMAX_INLINE simd<float, Isa> load_upper(const bf16* from) {
  typename half_lanes<lanes<float, Isa>>::bits two;
  __builtin_memcpy(&two, from, sizeof two);
  two &= 0xffff0000u;
  return {__builtin_bit_cast(typename simd<float, Isa>::register_type, two)};
}
// from[0], from[2], ..: a shift moves the lower bf16 up.
template <class Isa>
SKIPMAX_INLINE simd<float, Isa> load_lower(const bf16* from) {
  typename half_lanes<lanes<float, Isa>>::bits two;
  __builtin_memcpy(&two, from, sizeof two);
  two <<= 16;
  return {__builtin_bit_cast(typename simd<float, Isa>::register_type, two)};
}
}  // namespace detail

// step(x, load) for each register of a parted row: x is its place in scratch, load(row) reads it.
// Numbers at even places are the upper ones of a load that begins one number earlier: on Zen 3
// shifts take slots of the units that multiply. Not in front of a row, where nothing may be read,
// nor if registers fill a cache line, as such a load would take two lines.
template <class Isa, class T, class S, class Step>
SKIPMAX_INLINE void for_each_register(index width, const Step& step) {
  constexpr index W = lanes<T, Isa>;
  index x = 0;
  if constexpr (is_parted<T, S> && fills_cache_line<T, Isa>) {
    for (; x + 2 * W <= width; x += 2 * W) {
      step(x, [&](const S* row) SKIPMAX_LAMBDA { return detail::load_lower<Isa>(row + x); });
      step(x + W, [&](const S* row) SKIPMAX_LAMBDA { return detail::load_upper<Isa>(row + x); });
    }
  } else if constexpr (is_parted<T, S>) {
    if (2 * W <= width) {
      step(0, [](const S* row) SKIPMAX_LAMBDA { return detail::load_lower<Isa>(row); });
      step(W, [](const S* row) SKIPMAX_LAMBDA { return detail::load_upper<Isa>(row); });
      x = 2 * W;
    }
    for (; x + 2 * W <= width; x += 2 * W) {
      step(x, [&](const S* row) SKIPMAX_LAMBDA { return detail::load_upper<Isa>(row + x - 1); });
      step(x + W, [&](const S* row) SKIPMAX_LAMBDA { return detail::load_upper<Isa>(row + x); });
    }
  } else {
    for (; x + 2 * W <= width; x += 2 * W) {
      step(x, [&](const S* row) SKIPMAX_LAMBDA { return load_stored<Isa, T>(row + x); });
      step(x + W, [&](const S* row) SKIPMAX_LAMBDA { return load_stored<Isa, T>(row + x + W); });
    }
  }
  if (x < width) step(x, [&](const S* row) SKIPMAX_LAMBDA { return load_stored<Isa, T>(row + x); });
}

namespace detail {
template <int W, int First>
struct every_second {  // of the lanes of two registers, from lane First on
  static constexpr int source(int i) { return 2 * i + First; }
};
template <int W, int First>
struct interleaved {  // alternately a lane of each of two registers, from lane First on
  static constexpr int source(int i) { return First + i / 2 + (i % 2 != 0 ? W : 0); }
};
}  // namespace detail

// Puts a row in parted order.
template <class Isa, class T>
SKIPMAX_INLINE void to_parted_row(T* row, index width) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>;
  constexpr auto all = std::make_index_sequence<W>{};
  for (index x = 0; x + 2 * W <= width; x += 2 * W) {
    const V a = V::load_aligned(row + x), b = V::load_aligned(row + x + W);
    detail::shuffle(a, b, detail::every_second<W, 0>{}, all).store_aligned(row + x);
    detail::shuffle(a, b, detail::every_second<W, 1>{}, all).store_aligned(row + x + W);
  }
}

// row[0 .. width) += parted, put back in order.
template <class Isa, class T>
SKIPMAX_INLINE void add_parted_row(T* row, const T* parted, index width) {
  using V = simd<T, Isa>;
  constexpr int W = lanes<T, Isa>;
  constexpr auto all = std::make_index_sequence<W>{};
  const auto add = [&](index x, const V& v)
                       SKIPMAX_LAMBDA { (V::load_aligned(row + x) + v).store_aligned(row + x); };
  index x = 0;
  for (; x + 2 * W <= width; x += 2 * W) {
    const V a = V::load_aligned(parted + x), b = V::load_aligned(parted + x + W);
    add(x, detail::shuffle(a, b, detail::interleaved<W, 0>{}, all));
    add(x + W, detail::shuffle(a, b, detail::interleaved<W, W / 2>{}, all));
  }
  if (x < width) add(x, V::load_aligned(parted + x));
}

}  // namespace v0
}  // namespace skipmax
