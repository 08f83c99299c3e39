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

#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/transpose.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, class S>
inline constexpr bool is_parted = std::is_same_v<T, float>&& std::is_same_v<S, bf16>;

// The first or the second register of 2 W numbers of a parted row. A mask keeps the upper bf16 of
// each lane: the numbers at odd places, or those at even places if the load begins one number
// earlier. At the start of a row nothing may be read in front, so there a shift moves the latter
// up; on Zen 3 shifts take slots of the units that multiply.
template <class Isa, class T, bool Second, bool StartsRow, class S>
SKIPMAX_INLINE simd<T, Isa> load_parted(const S* from) {
  if constexpr (is_parted<T, S>) {
    using bits = typename detail::half_lanes<lanes<T, Isa>>::bits;
    bits two;
    __builtin_memcpy(&two, from - (Second || StartsRow ? 0 : 1), sizeof two);
    two = StartsRow && !Second ? two << 16 : two & 0xffff0000u;
    return {__builtin_bit_cast(typename simd<T, Isa>::register_type, two)};
  } else {
    return load_stored<Isa, T>(from + (Second ? lanes<T, Isa> : 0));
  }
}

// step(x, load) for each register of a parted row: x is its place in scratch, load(row) reads it.
template <class Isa, class T, class S, class Step>
SKIPMAX_INLINE void for_each_register(index width, const Step& step) {
  constexpr index W = lanes<T, Isa>;
  index x = 0;
  const auto two = [&]<bool StartsRow>(std::bool_constant<StartsRow>) SKIPMAX_LAMBDA {
    step(x, [&](const S* row)
                SKIPMAX_LAMBDA { return load_parted<Isa, T, false, StartsRow>(row + x); });
    step(x + W, [&](const S* row)
                    SKIPMAX_LAMBDA { return load_parted<Isa, T, true, StartsRow>(row + x); });
  };
  if constexpr (is_parted<T, S>)
    if (2 * W <= width) two(std::true_type{}), x += 2 * W;
  for (; x + 2 * W <= width; x += 2 * W) two(std::false_type{});
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
