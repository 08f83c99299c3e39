// The sizes that the tiles of one call share: how scratch is laid out, and how large it is.
//
//   q       [row blocks][depth panels][MR][depth_panel]   padded with zeros
//   k       [key panels][depth][NR]                       transposed; padded with zeros
//   tail    [a few keys][depth in whole registers]        the tile's last keys, for score_tail
//   v       [value panels][keys][NR]                      only if v is not read in place
//   scores  [MR][weight_stride]                           of one row block
//   weights [MR][weight_stride]                           where scores were, except for pairs
//   out     [rows][value width]                           sums of weight times value
//
// depth is the key dim in elements, numbers or pairs. What else a call needs is in plan.hpp.
#pragma once

#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/register_block.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, class Isa>
struct tile_layout : register_block<T, Isa> {
  // Keys a tile. Each tile's sums start from zero and are then added, which keeps rounding errors
  // of long sequences down; and k and v of one tile, 64 KiB each at dim 64, stay in the L2 cache.
  static constexpr int key_tile = 256;
  // A last tile of up to one panel is not worth a round of its own: if all rows see the same keys,
  // the tile before it takes these keys too.
  static constexpr int longest_tile = key_tile + register_block<T, Isa>::columns;
  // Distance between rows of weights: a compile-time number, so that one pointer reaches all rows,
  // and no power of two, so that the rows do not fall into few sets of the L1 cache.
  static constexpr int cache_line = line_elements<T>;
  static constexpr int weight_stride = longest_tile + cache_line;
};

// Lays out the arrays of one slice of scratch, one after the other, in elements of T.
template <class T>
struct scratch_slice {
  index end = 0;

  // Where the next array starts.
  SKIPMAX_INLINE index take(index elements) {
    const index here = end;
    end += round_up(elements, 64);
    return here;
  }
  // In whole pages, so that no two workers share one.
  SKIPMAX_INLINE index size() const { return round_up(end, 4096 / static_cast<index>(sizeof(T))); }
};

// v of one tile: columns x .. x + NR of element j, a key or a pair of keys, start at
//   data[x / NR * panel + j * stride]
// For v in place, stride is the distance between its rows and panel is NR.
template <class E>
struct value_panels {
  const E* data;
  index stride, panel;

  // Register n from column x on; x is the first of a panel if n is not 0.
  template <class Isa>
  SKIPMAX_INLINE const E* at(index j, index x, index n = 0) const {
    using block = register_block<number_of<E>, Isa>;
    constexpr index NV = block::vectors, NR = block::columns;
    return data + x / NR * panel + x % NR + j * stride + n / NV * panel + n % NV * (NR / NV);
  }
  SKIPMAX_INLINE value_panels from(index j) const { return {data + j * stride, stride, panel}; }
};

// Elements of packed q that hold 64 numbers, and the distance between its rows. Also a compile-time
// number; with it, contiguous rows of 64 numbers have the packed layout as they are.
template <class E>
inline constexpr index depth_panel = 64 / numbers_in<E>;

// Elements of one packed row block of q.
template <class E, class Isa>
SKIPMAX_INLINE constexpr index packed_q_size(index depth) {
  return round_up(depth, depth_panel<E>) * register_block<number_of<E>, Isa>::rows;
}

}  // namespace v0
}  // namespace skipmax
