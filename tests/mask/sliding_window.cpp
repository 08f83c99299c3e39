#include "skipmax/mask/sliding_window.hpp"

#include <limits>

#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "support/masks.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

static_assert(mask_policy<sliding_window>);
static_assert(!sees_alike<sliding_window>);

const index no_limit = std::numeric_limits<index>::max();

// Row `query` of 3 over 8 keys stands at key query + 5.
key_range seen(sliding_window mask, index query) {
  return visible_range(mask, {0, 0, query, 3, 8});
}

TEST(sliding_window, by_hand) {
  EXPECT_EQ(seen({2}, 0).first, 3);
  EXPECT_EQ(seen({2}, 0).last, 6);
  EXPECT_EQ(seen({2}, 2).first, 5);
  EXPECT_EQ(seen({2}, 2).last, 8);
  EXPECT_EQ(seen({0, 0}, 1).first, 6);
  EXPECT_EQ(seen({0, 0}, 1).last, 7);
  EXPECT_EQ(seen({6, 1}, 0).first, 0);
  EXPECT_EQ(seen({6, 1}, 0).last, 7);
  EXPECT_EQ(seen({1, 9}, 0).first, 4);
  EXPECT_EQ(seen({1, 9}, 0).last, 8);
}

TEST(sliding_window, all_small_shapes) {
  for (index before = 0; before < 9; ++before)
    for (index after = 0; after < 9; ++after) {
      support::check_mask(sliding_window{before, after}, 1, 7);
      support::check_moves_forward(sliding_window{before, after}, 1, 7);
    }
}

TEST(sliding_window, the_largest_index_is_no_limit) {
  for (index queries = 1; queries < 6; ++queries)
    for (index keys = 0; keys < 6; ++keys)
      for (index i = 0; i < queries; ++i) {
        const row_position at{0, 0, i, queries, keys};
        const key_range all = visible_range(sliding_window{no_limit, no_limit}, at);
        EXPECT_EQ(all.first, 0);
        EXPECT_EQ(all.last, keys);
        const key_range up_to_its_own = visible_range(sliding_window{no_limit}, at);
        const key_range wanted = visible_range(causal{}, at);
        EXPECT_EQ(up_to_its_own.first, wanted.first);
        EXPECT_EQ(up_to_its_own.last, wanted.last);
      }
}

TEST(sliding_window, over_caches_of_different_lengths) {
  const index lengths[] = {0, 3, 7, 1};
  const key_lengths padded{lengths, 4};
  support::check_mask(both{padded, sliding_window{2}}, 4, 9, 7);
  support::check_mask(both{sliding_window{2, 1}, padded}, 4, 9, 7);
}

TEST(sliding_window, numbers_of_keys_are_not_negative) {
  EXPECT_EQ(support::complaint(sliding_window{3, 0}, 1, 7), "");
  EXPECT_EQ(support::complaint(sliding_window{-1}, 1, 7),
            "mask sliding_window: before: found -1, wanted 0 or more keys");
  EXPECT_EQ(support::complaint(sliding_window{1, -2}, 1, 7),
            "mask sliding_window: after: found -2, wanted 0 or more keys");
}

}  // namespace
