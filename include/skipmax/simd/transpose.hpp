// Transposes a square of registers in place: W registers of W lanes.
//
// It has two steps: squares of E x E within the 128-bit lanes (E = 4 floats or 2 doubles), then the
// 128-bit lanes of each E-th register. Each shuffle is one instruction in every instruction set.
#pragma once

#include <utility>

#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {

// E = 4 floats or 2 doubles.
template <class V>
inline constexpr int lanes_of_128_bits = 16 / static_cast<int>(sizeof(typename V::value_type));

namespace detail {

// Lane i of the result is lane F::source(i) of a (0 .. W-1) and b (W .. 2W-1).
template <class V, class F, std::size_t... I>
SKIPMAX_INLINE V shuffle(const V& a, const V& b, F, std::index_sequence<I...>) {
  return V(__builtin_shufflevector(a.data, b.data, F::source(static_cast<int>(I))...));
}

// Within each 128 bits, the low or the high halves of a and b, interleaved in runs of Run lanes.
template <int W, int E, int Run, bool High>
struct interleave {
  static constexpr int source(int i) {
    const int group = i / E * E, at = i % E;
    const int from = at / (2 * Run) * Run + at % Run + (High ? E / 2 : 0);
    return group + from + (at / Run % 2 ? W : 0);
  }
};

// The 128-bit lanes chosen from a, then those from b. With Halves these are the first or the second
// half of the lanes, otherwise the even or the odd ones; Second picks the latter.
template <int W, int E, bool Halves, bool Second>
struct join {
  static constexpr int source(int i) {
    const int group = i / E, half = W / E / 2;
    const int from =
        Halves ? group % half + (Second ? half : 0) : 2 * (group % half) + (Second ? 1 : 0);
    return (group < half ? 0 : W) + from * E + i % E;
  }
};

template <class Low, class High, class V>
SKIPMAX_INLINE void exchange(V& a, V& b) {
  const V low = shuffle(a, b, Low{}, std::make_index_sequence<V::size>{});
  b = shuffle(a, b, High{}, std::make_index_sequence<V::size>{});
  a = low;
}

}  // namespace detail

// Transposes the squares of E x E in the 128-bit lanes of E registers.
template <class V>
SKIPMAX_INLINE void transpose_within_128_bits(V* x) {
  using namespace detail;
  constexpr int W = V::size, E = lanes_of_128_bits<V>;
  using low = interleave<W, E, 1, false>;
  using high = interleave<W, E, 1, true>;
  exchange<low, high>(x[0], x[1]);
  if constexpr (E == 4) {
    exchange<low, high>(x[2], x[3]);
    // x now has columns 0 1 and 2 3 of rows 0 1, then columns 0 1 and 2 3 of rows 2 3.
    exchange<interleave<W, E, 2, false>, interleave<W, E, 2, true>>(x[0], x[2]);
    exchange<interleave<W, E, 2, false>, interleave<W, E, 2, true>>(x[1], x[3]);
    const V third = x[1];  // columns 0, 2, 1, 3
    x[1] = x[2];
    x[2] = third;
  }
}

template <class V>
SKIPMAX_INLINE void transpose(V (&x)[V::size]) {
  using namespace detail;
  constexpr int W = V::size, E = lanes_of_128_bits<V>;
  V y[W];
#pragma GCC unroll 8
  for (int i = 0; i < W; i += E) transpose_within_128_bits(x + i);
  // The 128-bit lane l of register g * E + e holds column l * E + e of the rows of group g.
  constexpr int G = W / E;
  if constexpr (G == 2) {
#pragma GCC unroll 4
    for (int e = 0; e < E; ++e)
      exchange<join<W, E, true, false>, join<W, E, true, true>>(x[e], x[E + e]);
  } else if constexpr (G == 4) {
#pragma GCC unroll 4
    for (int e = 0; e < E; ++e) {
      V a = x[e], b = x[E + e], c = x[2 * E + e], d = x[3 * E + e];
      exchange<join<W, E, true, false>, join<W, E, true, true>>(a, b);
      exchange<join<W, E, true, false>, join<W, E, true, true>>(c, d);
      exchange<join<W, E, false, false>, join<W, E, false, true>>(a, c);
      exchange<join<W, E, false, false>, join<W, E, false, true>>(b, d);
      y[e] = a, y[E + e] = c, y[2 * E + e] = b, y[3 * E + e] = d;
    }
#pragma GCC unroll 16
    for (int i = 0; i < W; ++i) x[i] = y[i];
  } else {
    static_assert(G == 1);
  }
}

struct plus {
  template <class V>
  SKIPMAX_INLINE V operator()(V a, V b) const {
    return a + b;
  }
};

template <class Low, class High, class V, class Op>
SKIPMAX_INLINE V reduce_exchanged(V a, V b, Op op) {
  detail::exchange<Low, High>(a, b);
  return op(a, b);
}

template <class V, class Op>
SKIPMAX_INLINE V reduce_within_128_bits(const V (&x)[lanes_of_128_bits<V>], Op op) {
  using namespace detail;
  constexpr int W = V::size, E = lanes_of_128_bits<V>;
  using low = interleave<W, E, 1, false>;
  using high = interleave<W, E, 1, true>;
  if constexpr (E == 2)
    return reduce_exchanged<low, high>(x[0], x[1], op);
  else
    return reduce_exchanged<interleave<W, E, 2, false>, interleave<W, E, 2, true>>(
        reduce_exchanged<low, high>(x[0], x[1], op), reduce_exchanged<low, high>(x[2], x[3], op),
        op);
}

template <class V, class Op>
SKIPMAX_INLINE V reduce_128_bits(const V (&x)[V::size / lanes_of_128_bits<V>], Op op) {
  using namespace detail;
  constexpr int W = V::size, E = lanes_of_128_bits<V>, G = W / E;
  using low = join<W, E, true, false>;
  using high = join<W, E, true, true>;
  if constexpr (G == 1)
    return x[0];
  else if constexpr (G == 2)
    return reduce_exchanged<low, high>(x[0], x[1], op);
  else
    return reduce_exchanged<join<W, E, false, false>, join<W, E, false, true>>(
        reduce_exchanged<low, high>(x[0], x[1], op), reduce_exchanged<low, high>(x[2], x[3], op),
        op);
}

// Lane i of the result is op over the lanes of x[i], for W registers of W lanes, in half the
// shuffles that a transposed square takes. First every E registers are reduced to one, which holds
// a partial result of each for each 128-bit lane; then these W / E registers are reduced to one.
template <class V, class Op>
SKIPMAX_INLINE V reduce_lanes(const V* x, Op op) {
  constexpr int E = lanes_of_128_bits<V>, G = V::size / E;
  V of_group[G];
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) {
    V group[E];
#pragma GCC unroll 4
    for (int e = 0; e < E; ++e) group[e] = x[g * E + e];
    of_group[g] = reduce_within_128_bits(group, op);
  }
  return reduce_128_bits(of_group, op);
}

}  // namespace v0
}  // namespace skipmax
