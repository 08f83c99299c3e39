// Which keys the rows of a block see: the mask's answers, cut to one key tile.
#pragma once

#include "skipmax/mask/mask_policy.hpp"
#include "skipmax/simd/register_block.hpp"

namespace skipmax {
inline namespace v0 {

// The smallest range that holds both.
SKIPMAX_INLINE key_range join_ranges(key_range a, key_range b) {
  if (is_empty(a)) return b;
  if (is_empty(b)) return a;
  return {a.first < b.first ? a.first : b.first, a.last > b.last ? a.last : b.last};
}

// The keys that a row sees to the left and to the right of those that its block shares.
SKIPMAX_INLINE key_range left_of(key_range seen, key_range shared) {
  return {seen.first, is_empty(shared) ? seen.last : shared.first};
}
SKIPMAX_INLINE key_range right_of(key_range seen, key_range shared) {
  return {is_empty(shared) ? seen.last : shared.last, seen.last};
}

// The keys that any of the rows from `at` on sees.
template <class Mask>
SKIPMAX_INLINE key_range keys_of_rows(const Mask& mask, row_position at, index rows) {
  key_range any = visible_range(mask, at);
  if constexpr (!sees_alike<Mask>)
    for (index r = 1; r < rows; ++r) {
      ++at.query;
      any = join_ranges(any, visible_range(mask, at));
    }
  return any;
}

// Keys of one tile, counted from its start, that the rows of a block see: each row, any, all.
template <class T, class Isa>
struct block_keys {
  key_range seen[register_block<T, Isa>::rows];
  key_range any, all;
  bool fresh, last;  // no earlier, no later tile holds keys of the block

  template <class Mask>
  SKIPMAX_INLINE void find(const Mask& mask, row_position at, int rows, key_range tile) {
    if constexpr (moves_forward<Mask> && !sees_alike<Mask>)
      if (see_whole(mask, at, rows, tile)) return;
    key_range range = visible_range(mask, at);
    any = {tile.last, tile.first}, all = tile, fresh = last = true;
    for (int r = 0; r < rows; ++r) {
      if (!sees_alike<Mask> && r > 0) ++at.query, range = visible_range(mask, at);
      fresh = fresh && (is_empty(range) || range.first >= tile.first);
      last = last && (is_empty(range) || range.last <= tile.last);
      const key_range here = intersect(range, tile);
      seen[r] = {here.first - tile.first, here.last - tile.first};
      all = intersect(all, here);
      if (!is_empty(here))
        any = {here.first < any.first ? here.first : any.first,
               here.last > any.last ? here.last : any.last};
    }
    any = {any.first - tile.first, any.last - tile.first};
    all = {all.first - tile.first, all.last - tile.first};
  }

 private:
  // If the first and the last row see all of the tile, so do those between.
  template <class Mask>
  SKIPMAX_INLINE bool see_whole(const Mask& mask, row_position at, int rows, key_range tile) {
    const auto holds = [&](key_range range) SKIPMAX_LAMBDA {
      return range.first <= tile.first && range.last >= tile.last;
    };
    const key_range of_first = visible_range(mask, at);
    if (!holds(of_first)) return false;
    at.query += rows - 1;
    const key_range of_last = visible_range(mask, at);
    if (!holds(of_last)) return false;
    fresh = of_first.first == tile.first, last = of_last.last == tile.last;
    any = all = {0, tile.last - tile.first};
    for (int r = 0; r < rows; ++r) seen[r] = all;
    return true;
  }
};

}  // namespace v0
}  // namespace skipmax
