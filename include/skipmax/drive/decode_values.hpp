// The second half of a decode tile: sums += weights v, over all keys that a row sees, or only over
// those of them whose weight is not zero.
#pragma once

#include "skipmax/drive/decode_task.hpp"
#include "skipmax/skip_zeros.hpp"
#include "skipmax/tile/nonzero_keys.hpp"
#include "skipmax/tile/value_rows.hpp"

namespace skipmax {
inline namespace v0 {

static_assert(part_keys <= keys_in_streams::most);

// Adds weights v over the keys of one tile to the sums of a block of rows. Every keys_summed keys
// are summed from zero, then added to the earlier ones, which keeps rounding errors small.
template <class Isa, class T, class V>
struct value_step {
  score_block<T> block;
  tile_rows<V> v;
  row_matrix<T> sums, of_block;
  index width;
  key_number *list, *ordered;  // scratch, room_of_list(part_keys) each

  SKIPMAX_INLINE const T* weights(int r, index key) const {
    return block.scores + r * block.stride + key;
  }

  // Adds keys of one sum, counted from `origin`, to `rows` rows from r on.
  template <class Keys>
  SKIPMAX_INLINE void add(int r, int rows, index origin, Keys keys, index ahead) const {
    for (int i = 0; i < rows; ++i) clear_row<Isa>(of_block.data + i * of_block.stride, width);
    value_rows<Isa>(weights(r, origin), block.stride, rows, rows_from(v.rows, origin), keys,
                    of_block, width, ahead);
    for (int i = 0; i < rows; ++i) {
      T* const to = sums.data + (r + i) * sums.stride;
      const T* const sum = of_block.data + i * of_block.stride;
      if constexpr (is_parted<T, V>)
        add_parted_row<Isa>(to, sum, width);
      else
        add_row<Isa>(to, sum, width);
    }
  }

  // Adds a range of keys, sum by sum.
  SKIPMAX_INLINE void add_range(int r, int rows, key_range keys) const {
    const index count = keys.last - keys.first;
    for (index n = 0; n < count; n += keys_summed) {
      const index rest = count - n;
      add(r, rows, keys.first, keys_in_streams{count, n, rest < keys_summed ? rest : keys_summed},
          v.ahead_in_stream);
    }
  }

  // Adds the `listed` keys of `list`, which count from the start of the range.
  SKIPMAX_INLINE void add_listed(int r, int rows, key_range keys, index listed) const {
    index ends[ceil_div(part_keys, keys_summed)];
    order_in_streams(list, listed, keys.last - keys.first, keys_summed, ordered, ends);
    for (index sum = 0, n = 0; n < listed; n = ends[sum++])
      if (n < ends[sum])
        add(r, rows, keys.first, listed_keys{ordered + n, ends[sum] - n, listed - n},
            v.ahead_in_list);
  }
};

// The share of a range's keys, in twentieths, up to which reading their rows alone is faster than
// reading all rows in streams. With AVX2 (Zen 3) and one row, 0.35 of the keys take as long as all
// and 0.3 take 0.9 of that time; with four rows these shares are 0.25 and 0.2. With AVX-512 (Zen 5)
// 0.2 to 0.6 are alike.
template <class T, class Isa, int Rows>
inline constexpr index worth_a_list = fills_cache_line<T, Isa> ? 8
                                      : Rows == 4              ? 4
                                                               : 6;

// Adds only those keys of a range to which any of the P rows from r on gives a nonzero weight:
// always if keys may be hidden, whose values may be anything; else, if the score function has exact
// zeros, as a.zeros says: never, always, or if these keys are few. Otherwise adds nothing and
// returns false.
template <class Isa, int P, class T, class V, class Attention>
SKIPMAX_INLINE bool add_nonzero_keys([[maybe_unused]] const Attention& a,
                                     [[maybe_unused]] const value_step<Isa, T, V>& step,
                                     [[maybe_unused]] int r, [[maybe_unused]] key_range keys) {
  if constexpr (hides<Attention> || can_skip_values<Attention>) {
    const index count = keys.last - keys.first;
    if (count <= 0 || (!hides<Attention> && a.zeros == skip_zeros::never)) return false;
    const index found = list_nonzero_keys<Isa, P, decode_stride<T, Isa>>(
        step.weights(r, keys.first), count, step.list);
    if (!hides<Attention> && a.zeros != skip_zeros::always &&
        found * 20 > count * worth_a_list<T, Isa, P>)
      return false;
    step.add_listed(r, P, keys, found);
    return true;
  }
  return false;
}

// Adds the keys needed[r] to each row r. Consecutive rows that need the same keys share the reads.
template <class Isa, class T, class V>
SKIPMAX_INLINE void add_needed_keys(const value_step<Isa, T, V>& step, const key_range* needed) {
  const int rows = step.block.rows;
  for (int r = 0, end = 0; r < rows; r = end) {
    for (end = r + 1; end < rows && is_same(needed[end], needed[r]);) ++end;
    step.add_range(r, end - r, needed[r]);
  }
}

// For P rows from r on: adds the keys that not all of them see, and those that all see if these go
// by a list; else leaves the range that all see in needed[].
template <int P, class Isa, class T, class V, class Attention>
SKIPMAX_INLINE void add_values_of_rows(const Attention& a, const value_step<Isa, T, V>& step, int r,
                                       key_range* needed) {
  const key_range* seen = step.block.seen + r;
  key_range shared = seen[0];
  for (int p = 1; p < P; ++p) shared = intersect(shared, seen[p]);
  for (int p = 0; p < P; ++p) {
    const key_range alone[] = {left_of(seen[p], shared), right_of(seen[p], shared)};
    for (const key_range keys : alone)
      if (!is_empty(keys) && !add_nonzero_keys<Isa, 1>(a, step, r + p, keys))
        step.add_range(r + p, 1, keys);
  }
  if (add_nonzero_keys<Isa, P>(a, step, r, shared)) return;
  for (int p = 0; p < P; ++p) needed[r + p] = shared;
}

template <class Isa, class T, class V, class Attention>
SKIPMAX_INLINE void add_values(const Attention& a, const value_step<Isa, T, V>& step) {
  const int rows = step.block.rows;
  int r = 0;
  if constexpr (hides<Attention>) {
    for (; r < rows; ++r) add_nonzero_keys<Isa, 1>(a, step, r, step.block.seen[r]);
  } else {
    key_range needed[row_lanes<T, Isa>] = {};
    for (; r + 4 <= rows; r += 4) add_values_of_rows<4>(a, step, r, needed);
    for (; r + 2 <= rows; r += 2) add_values_of_rows<2>(a, step, r, needed);
    if (r < rows) add_values_of_rows<1>(a, step, r, needed);
    add_needed_keys(step, needed);
  }
}

}  // namespace v0
}  // namespace skipmax
