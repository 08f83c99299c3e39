// The sizes that the tiles of one call share: how scratch is laid out, and how large it is.
//
//   q      [row blocks][depth panels][MR][depth_panel]   scaled; padded with zeros
//   k      [key panels][key dim][NR]                      transposed; padded with zeros
//   v      [keys][value width]                            only where v cannot be read in place
//   weights[MR][key_tile]                                 scores, then weights, of one row block
//   out    [rows][value width]                            sums of weight times value
#pragma once

#include "skipmax/simd/register_block.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, class Isa>
struct tile_layout : register_block<T, Isa> {
  // Keys a tile: sums start afresh for each tile and are then added, which keeps the rounding error
  // of long sequences down; and K and V of one tile, 64 KiB each at dim 64, stay in the L2 cache.
  static constexpr int key_tile = 256;
  // Depth between two rows of packed q: a compile-time stride, so that one pointer reaches all rows.
  static constexpr int depth_panel = 64;
};

SKIPMAX_INLINE constexpr index round_up(index n, index multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace v0
}  // namespace skipmax
