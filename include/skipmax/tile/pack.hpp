// Copies q, k and v into the order in which the tile kernels read them: widened to T if stored in
// fewer bits, or unchanged as pairs of bf16. Never reads a row of the caller's beyond its dim.
#pragma once

#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "skipmax/simd/storage.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

// to[0 .. padded) = scale * from[0 .. dim), then zeros.
template <class Isa, class T, class S>
SKIPMAX_INLINE void pack_row(T* to, const S* from, index dim, index padded, T scale) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  index x = 0;
  for (; x + W <= dim; x += W) (load_stored<Isa, T>(from + x) * V(scale)).store_aligned(to + x);
  for (; x < dim; ++x) to[x] = static_cast<T>(from[x]) * scale;
  for (; x < padded; ++x) to[x] = T(0);
}

// The same in pairs of bf16; an odd last number is paired with zero. The scale is nearly always 1,
// else -1 or a power of two: others would round.
template <class Isa>
SKIPMAX_INLINE void pack_row(bf16_pair* to, const bf16* from, index dim, index padded,
                             float scale) {
  constexpr index W = lanes<float, Isa>;
  const auto number = [=](index i) SKIPMAX_LAMBDA {
    return i < dim ? static_cast<std::uint32_t>(bf16(static_cast<float>(from[i]) * scale).bits)
                   : 0u;
  };
  index x = 0;
  if (scale != 1)
    for (; 2 * x < dim; ++x) to[x].bits = number(2 * x) | number(2 * x + 1) << 16;
  for (; 2 * (x + W) <= dim; x += W)
    load_packed<bf16_pair, Isa>(from, x).store_aligned(reinterpret_cast<float*>(to + x));
  for (; 2 * x < dim; ++x)
    to[x].bits = from[2 * x].bits |
                 static_cast<std::uint32_t>(2 * x + 1 < dim ? from[2 * x + 1].bits : 0) << 16;
  for (; x < padded; ++x) to[x].bits = 0;
}

// Packs query rows times scale (for pairs, the part of it that rounds nothing):
// [row blocks][depth panels][MR][depth_panel]. Rows that fill up the last block are zeros.
template <class Isa, class E, class S>
SKIPMAX_NOINLINE void pack_q(E* to, const S* q, index row_stride, index rows, index dim,
                             number_of<E> scale) {
  using T = number_of<E>;
  constexpr index MR = register_block<T, Isa>::rows, W = lanes<T, Isa>, stride = depth_panel<E>;
  constexpr index panel = stride * numbers_in<E>;
  for (index row = 0; row < rows; row += MR)
    for (index x = 0; x < dim; x += panel, to += MR * stride) {
      const index width = dim - x < panel ? dim - x : panel;
      const index padded = round_up(packed_elements<E>(width), W);
      const S* from = q + row * row_stride + x;
      index r = 0;
      for (; r < MR && row + r < rows; ++r, from += row_stride) {
        E* at = to + r * stride;
        if (!is_pair<E> && width == panel)
#pragma GCC unroll 4
          for (index i = 0; i < stride; i += W)
            (load_packed<E, Isa>(from, i) * simd<T, Isa>(scale))
                .store_aligned(reinterpret_cast<T*>(at + i));
        else
          pack_row<Isa>(at, from, width, padded, scale);
      }
      for (; r < MR; ++r) clear_row<Isa>(reinterpret_cast<T*>(to + r * stride), padded);
    }
}

// Transposes W keys by W of depth, and stores the first `depth` rows of W keys NR apart.
template <class Isa, class T>
SKIPMAX_INLINE void store_transposed(T* to, simd<T, Isa> (&square)[simd<T, Isa>::size],
                                     index depth) {
  constexpr int W = lanes<T, Isa>;
  transpose(square);
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i)
    if (i < depth) square[i].store_aligned(to + i * tile_layout<T, Isa>::columns);
}

// Packs up to W of `count` rows as columns j .. j + W of [key panels][depth][NR], zeros where there
// are fewer.
template <class Isa, class E, class S>
SKIPMAX_INLINE void pack_columns(E* to, index j, const S* rows, index row_stride, index count,
                                 index dim) {
  using T = number_of<E>;
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, NR = tile_layout<T, Isa>::columns, N = numbers_in<E>;
  const index depth = packed_elements<E>(dim);
  T* panel = reinterpret_cast<T*>(to) + j / NR * NR * depth + j % NR;
  V square[V::size];
  index x = 0;
  for (; N * (x + W) <= dim; x += W) {
    if (count >= W)
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i) square[i] = load_packed<E, Isa>(rows + i * row_stride, x);
    else
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i)
        square[i] = i < count ? load_packed<E, Isa>(rows + i * row_stride, x) : V(T(0));
    store_transposed<Isa>(panel + x * NR, square, W);
  }
  if (x == depth) return;
  alignas(64) E edge[W * W];
  for (index i = 0; i < W; ++i)
    pack_row<Isa>(edge + i * W, rows + (i < count ? i * row_stride + N * x : 0),
                  i < count ? dim - N * x : 0, W, T(1));
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) square[i] = V::load_aligned(reinterpret_cast<const T*>(edge + i * W));
  store_transposed<Isa>(panel + x * NR, square, depth - x);
}

// Packs keys [0, keys) of one kv head: [key panels][depth][NR].
template <class Isa, class E, class S>
SKIPMAX_NOINLINE void pack_k(E* to, const S* k, index row_stride, index keys, index dim) {
  constexpr index W = lanes<number_of<E>, Isa>;
  for (index j = 0; j < keys; j += W)
    pack_columns<Isa>(to, j, k + j * row_stride, row_stride, keys - j, dim);
}

// Copies rows of v or k in order, each padded to whole registers.
template <class Isa, class E, class S>
SKIPMAX_NOINLINE void pack_rows(E* to, const S* from, index row_stride, index keys, index dim,
                                index width) {
  for (index j = 0; j < keys; ++j)
    pack_row<Isa>(to + j * width, from + j * row_stride, dim, width, number_of<E>(1));
}

// Calls f(x, columns, padded) for each panel of a row of v: `columns` numbers from x on, which are
// `padded` in whole registers.
template <class Isa, class T, class F>
SKIPMAX_INLINE void for_each_value_panel(index dim, index width, const F& f) {
  constexpr index NR = register_block<T, Isa>::columns;
  index x = 0;
  for (; x + NR <= dim; x += NR) f(x, NR, NR);
  if (x < dim) f(x, dim - x, width - x);
}

// Packs rows of v: [value panels][keys][NR], panels `panel` apart; width is in whole registers.
template <class Isa, class E, class S>
SKIPMAX_NOINLINE void pack_values(E* to, index panel, const S* from, index row_stride, index keys,
                                  index dim, index width) {
  constexpr index NR = register_block<E, Isa>::columns;
  for (; keys > 0; --keys, to += NR, from += row_stride)
    for_each_value_panel<Isa, E>(
        dim, width, [=](index x, index columns, index padded) SKIPMAX_LAMBDA {
          pack_row<Isa>(to + x / NR * panel, from + x, columns, padded, E(1));
        });
}
// The same in pairs of keys; an odd last key is paired with zeros.
template <class Isa>
SKIPMAX_NOINLINE void pack_values(bf16_pair* to, index panel, const bf16* from, index row_stride,
                                  index keys, index dim, index width) {
  constexpr index W = lanes<float, Isa>, NR = register_block<float, Isa>::columns;
  for (; keys > 0; keys -= 2, to += NR, from += 2 * row_stride)
    for_each_value_panel<Isa, float>(
        dim, width, [=](index at, index columns, index padded) SKIPMAX_LAMBDA {
          bf16_pair* pairs = to + at / NR * panel;
          const bf16 *first = from + at, *second = keys > 1 ? first + row_stride : nullptr;
          index x = 0;
          for (; x + W <= columns; x += W)
            pair_rows<Isa>(pairs + x, first + x, second ? second + x : nullptr);
          for (; x < columns; ++x)
            pairs[x].bits = first[x].bits | static_cast<std::uint32_t>(second ? second[x].bits : 0)
                                                << 16;
          for (; x < padded; ++x) pairs[x].bits = 0;
        });
}

}  // namespace v0
}  // namespace skipmax
