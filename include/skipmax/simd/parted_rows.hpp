// Loads rows of bf16 as registers of float, by a shift or a mask alone: of every 2 W numbers first
// those at even places, then those at odd places.
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
// W pairs of numbers, as bits.
template <class Isa>
SKIPMAX_INLINE simd<float, Isa> load_pairs(const bf16* from) {
  simd<float, Isa> pairs;
  __builtin_memcpy(&pairs.data, from, sizeof pairs.data);
  return pairs;
}
// Those at even places: a shift moves the lower bf16 of each lane up.
template <class Isa>
SKIPMAX_INLINE simd<float, Isa> lower_of(const simd<float, Isa>& pairs) {
  const auto bits = __builtin_bit_cast(typename half_lanes<lanes<float, Isa>>::bits, pairs.data);
  return {__builtin_bit_cast(typename simd<float, Isa>::register_type, bits << 16)};
}
// Those at odd places: a mask keeps the upper one.
template <class Isa>
SKIPMAX_INLINE simd<float, Isa> upper_of(const simd<float, Isa>& pairs) {
  const auto bits = __builtin_bit_cast(typename half_lanes<lanes<float, Isa>>::bits, pairs.data);
  return {__builtin_bit_cast(typename simd<float, Isa>::register_type, bits & 0xffff0000u)};
}
}  // namespace detail

// step(x, of_row) for each register of K rows, parted if S is: of_row[k] is that of row k, x its
// place in scratch. Reused: step uses each more than once. fetch(k, x) comes before each load from
// row k.
//
// Narrow registers take numbers at even places from a load that begins one number earlier, as the
// upper ones: on Zen 3 shifts take slots of the units that multiply. Not in front of a row, where
// nothing may be read. Registers that fill a cache line make two of one load.
//
// The first step with registers that fill a cache line has instructions of its own, whatever the
// type: on Zen 5, four query rows take up to 1.25 times as long from memory if the same
// instructions read a whole row.
template <class Isa, class T, bool Reused, int K, class S, class Fetch, class Step>
SKIPMAX_INLINE void for_each_register(const S* const (&row)[K], index width, const Fetch& fetch,
                                      const Step& step) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  const auto one = [&](index x, auto load) SKIPMAX_LAMBDA {
    V of_row[K];
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) {
      fetch(k, x);
      const V loaded = load(row[k]);
      of_row[k] = Reused ? in_register(loaded) : loaded;
    }
    step(x, of_row);
  };
  const auto in_order = [&](index x) SKIPMAX_LAMBDA {
    one(x, [&](const S* from) SKIPMAX_LAMBDA { return load_stored<Isa, T>(from + x); });
  };
  index x = 0;
  if constexpr (is_parted<T, S>) {
    const auto two = [&](index at) SKIPMAX_LAMBDA {
      V pairs[K], of_row[K];
#pragma GCC unroll 4
      for (int k = 0; k < K; ++k) {
        fetch(k, at);
        pairs[k] = in_register(detail::load_pairs<Isa>(row[k] + at));
        of_row[k] = detail::lower_of<Isa>(pairs[k]);
      }
      step(at, of_row);
#pragma GCC unroll 4
      for (int k = 0; k < K; ++k) of_row[k] = detail::upper_of<Isa>(pairs[k]);
      step(at + W, of_row);
    };
    const auto upper_from = [&](index from) SKIPMAX_LAMBDA {
      return [&, from](const S* k) SKIPMAX_LAMBDA {
        return detail::upper_of<Isa>(detail::load_pairs<Isa>(k + from));
      };
    };
    if (2 * W <= width) two(0), x = 2 * W;
    for (; x + 2 * W <= width; x += 2 * W) {
      if constexpr (fills_cache_line<T, Isa>)
        two(x);
      else
        one(x, upper_from(x - 1)), one(x + W, upper_from(x));
    }
  } else if constexpr (fills_cache_line<T, Isa>) {
    if (W <= width) in_order(0), x = W;
  } else {
    for (; x + 2 * W <= width; x += 2 * W) in_order(x), in_order(x + W);
  }
  for (; x < width; x += W) in_order(x);
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
