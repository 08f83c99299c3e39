#include "skipmax/drive/key_ranges.hpp"

#include <gtest/gtest.h>

#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/sliding_window.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

using keys_of_block = block_keys<float, native_isa>;
constexpr int MR = register_block<float, native_isa>::rows;

// Compares with the definition of block_keys' members, row by row.
template <class Mask>
void check(const Mask& mask, row_position at, int rows, key_range tile,
           const keys_of_block& found) {
  bool fresh = true, last = true;
  key_range any{};
  for (index j = 0; j < at.key_length; ++j) {
    int seeing = 0;
    for (int r = 0; r < rows; ++r) {
      row_position row = at;
      row.query += r;
      const key_range range = visible_range(mask, row);
      const bool sees = range.first <= j && j < range.last;
      seeing += sees;
      const index in_tile = j - tile.first;
      if (tile.first <= j && j < tile.last) {
        ASSERT_EQ(sees, found.seen[r].first <= in_tile && in_tile < found.seen[r].last)
            << "key " << j << ", row " << r;
      }
    }
    if (j < tile.first) {
      fresh = fresh && seeing == 0;
    } else if (j >= tile.last) {
      last = last && seeing == 0;
    } else {
      const index in_tile = j - tile.first;
      ASSERT_EQ(seeing == rows, found.all.first <= in_tile && in_tile < found.all.last) << j;
      if (seeing > 0) any = {is_empty(any) ? in_tile : any.first, in_tile + 1};
    }
  }
  ASSERT_EQ(is_empty(found.any), is_empty(any));
  if (!is_empty(any)) {
    ASSERT_EQ(found.any.first, any.first);
    ASSERT_EQ(found.any.last, any.last);
  }
  ASSERT_EQ(found.fresh, fresh);
  ASSERT_EQ(found.last, last);
}

// All blocks and tiles of a few lengths.
template <class Mask>
void check_all(const Mask& mask, index batch = 1) {
  for (const index queries : {1, 5, MR, 3 * MR + 2})
    for (const index keys : {1, 7, MR, 40, 61})
      for (const index tile : {4, 16, 37})
        for (index b = 0; b < batch; ++b)
          for (index row = 0; row < queries; row += MR)
            for (index start = 0; start < keys; start += tile) {
              const int rows = static_cast<int>(queries - row < MR ? queries - row : MR);
              const row_position at{b, 0, row, queries, keys};
              const key_range here{start, start + tile < keys ? start + tile : keys};
              keys_of_block found{};
              found.find(mask, at, rows, here);
              check(mask, at, rows, here, found);
              if (testing::Test::HasFatalFailure())
                FAIL() << "sequence " << b << ", rows from " << row << " of " << queries
                       << ", keys from " << start << " of " << keys << ", tile " << tile;
            }
}

const index lengths[] = {0, 1, 33, 61};

TEST(key_ranges, causal) {
  check_all(causal{});
}

TEST(key_ranges, sliding_window) {
  for (const sliding_window window : {sliding_window{0}, {3}, {20, 2}, {2, 30}}) check_all(window);
}

TEST(key_ranges, both) {
  check_all(both{key_lengths{lengths, 4}, causal{}}, 4);
  check_all(both{key_lengths{lengths, 4}, sliding_window{5, 3}}, 4);
  // Late queries stand beyond the end of a short sequence and see nothing.
  check_all(both{sliding_window{5, 3}, key_lengths{lengths, 4}}, 4);
}

// Both ends go back and forth.
struct zigzag {
  key_range visible(row_position at) const { return {at.query * 7 % 11, 12 + at.query * 5 % 17}; }
};

TEST(key_ranges, a_mask_that_says_nothing) {
  static_assert(!moves_forward<zigzag>);
  static_assert(!moves_forward<both<causal, zigzag>>);
  check_all(zigzag{});
  check_all(both{causal{}, zigzag{}});
}

// A type derived from causal does not move forward just because causal does.
struct derived : causal {
  key_range visible(row_position at) const { return {at.query % 3, at.key_length}; }
};

TEST(key_ranges, a_mask_derived_from_another) {
  static_assert(has_diagonal<derived> && !moves_forward<derived>);
  check_all(derived{});
}

}  // namespace
