// The sizes that the tiles of one call share: how scratch is laid out, and how large it is.
//
//   q      [row blocks][depth panels][MR][depth_stride]  scaled; padded with zeros
//   k      [key panels][key dim][NR]                      transposed; padded with zeros
//   v      [keys][value width]                            only where v cannot be read in place
//   weights[MR][weight_stride]                            scores, then weights, of one row block
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
  // A last tile of up to one panel is not worth a round of its own: where all rows see the same keys,
  // the one before it takes them too.
  static constexpr int longest_tile = key_tile + register_block<T, Isa>::columns;
  static constexpr int depth_panel = 64;
  // Distance between rows of packed q and of weights: compile-time numbers, so that one pointer reaches all
  // rows. Those of q are read by all tiles and lie close; those of weights, which would be a power of two
  // apart and meet in few sets of the L1 cache, a cache line further.
  static constexpr int depth_stride = depth_panel;
  static constexpr int cache_line = 64 / static_cast<int>(sizeof(T));
  static constexpr int weight_stride = longest_tile + cache_line;
};

SKIPMAX_INLINE constexpr index round_up(index n, index multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Elements of one packed row block of q.
template <class T, class Isa>
SKIPMAX_INLINE constexpr index packed_q_size(index dim) {
  using layout = tile_layout<T, Isa>;
  return round_up(dim, layout::depth_panel) / layout::depth_panel * layout::depth_stride *
         layout::rows;
}

}  // namespace v0
}  // namespace skipmax
