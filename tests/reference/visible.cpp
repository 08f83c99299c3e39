#include "skipmax/reference/visible.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace skipmax;
using skipmax::index;

using keys = std::vector<index>;

template <class Mask>
keys seen(const Mask& mask, row_position at) {
  return reference::visible<native_isa>(mask, at);
}

// Row `query` of 3 queries over 5 keys, in sequence `batch`.
row_position row(index query, index batch = 0) {
  return {batch, 0, query, 3, 5};
}

TEST(visible, everything_without_a_mask) {
  EXPECT_EQ(seen(no_mask{}, row(0)), (keys{0, 1, 2, 3, 4}));
}

TEST(visible, the_last_query_of_a_causal_mask_sees_the_last_key) {
  EXPECT_EQ(seen(causal{}, row(0)), (keys{0, 1, 2}));
  EXPECT_EQ(seen(causal{}, row(1)), (keys{0, 1, 2, 3}));
  EXPECT_EQ(seen(causal{}, row(2)), (keys{0, 1, 2, 3, 4}));
}

TEST(visible, the_first_queries_see_nothing_where_there_are_more_queries_than_keys) {
  const auto at = [](index i) { return row_position{0, 0, i, 4, 2}; };
  EXPECT_EQ(seen(causal{}, at(0)), keys{});
  EXPECT_EQ(seen(causal{}, at(1)), keys{});
  EXPECT_EQ(seen(causal{}, at(2)), (keys{0}));
  EXPECT_EQ(seen(causal{}, at(3)), (keys{0, 1}));
}

TEST(visible, each_sequence_has_its_own_key_length) {
  const index lengths[] = {5, 2, 0};
  const key_lengths mask{lengths, 3};
  EXPECT_EQ(seen(mask, row(0, 0)), (keys{0, 1, 2, 3, 4}));
  EXPECT_EQ(seen(mask, row(0, 1)), (keys{0, 1}));
  EXPECT_EQ(seen(mask, row(0, 2)), keys{});
}

TEST(visible, the_diagonal_ends_where_the_sequence_ends) {
  const index lengths[] = {5, 4, 1, 0};
  const both mask{key_lengths{lengths, 4}, causal{}};
  EXPECT_EQ(seen(mask, row(0, 0)), (keys{0, 1, 2}));
  EXPECT_EQ(seen(mask, row(0, 1)), (keys{0, 1}));
  EXPECT_EQ(seen(mask, row(2, 1)), (keys{0, 1, 2, 3}));
  EXPECT_EQ(seen(mask, row(1, 2)), keys{});
  EXPECT_EQ(seen(mask, row(2, 2)), (keys{0}));
  EXPECT_EQ(seen(mask, row(2, 3)), keys{});
}

TEST(visible, the_other_way_round_the_diagonal_ends_at_the_padding) {
  const index lengths[] = {2};
  const both mask{causal{}, key_lengths{lengths, 1}};
  EXPECT_EQ(seen(mask, row(0)), (keys{0, 1}));
}

struct middle {  // a mask of a user's own
  key_range visible(row_position at) const { return {1, at.key_length - 1}; }
};

TEST(visible, any_other_mask_is_asked) {
  EXPECT_EQ(seen(middle{}, row(0)), (keys{1, 2, 3}));
  EXPECT_EQ(seen(both{middle{}, causal{}}, row(0)), (keys{1, 2}));
}

// Only a mask that ends sequences moves another's diagonal.
TEST(visible, two_diagonals_are_one) {
  EXPECT_EQ(seen(both{causal{}, sliding_window{1, 1}}, row(0)), (keys{1, 2}));
  EXPECT_EQ(seen(both{sliding_window{1, 1}, causal{}}, row(1)), (keys{2, 3}));
}

TEST(visible, a_window_moves_with_the_diagonal) {
  EXPECT_EQ(seen(sliding_window{0}, row(0)), (keys{2}));
  EXPECT_EQ(seen(sliding_window{1}, row(0)), (keys{1, 2}));
  EXPECT_EQ(seen(sliding_window{9}, row(1)), (keys{0, 1, 2, 3}));
  EXPECT_EQ(seen(sliding_window{1, 1}, row(1)), (keys{2, 3, 4}));
  EXPECT_EQ(seen(sliding_window{1, 1}, row(2)), (keys{3, 4}));
  EXPECT_EQ(seen(sliding_window{1, 1}, {0, 0, 0, 4, 2}), keys{});
  EXPECT_EQ(seen(sliding_window{1, 2}, {0, 0, 0, 4, 2}), (keys{0}));
}

TEST(visible, a_flag_for_each_key) {
  const bool flags[] = {false, true, true, false, true, true, false, false, true, false};
  EXPECT_EQ(seen(dense_mask{flags, 1, 1, 2, 5}, {0, 0, 0, 2, 5}), (keys{1, 2, 4}));
  EXPECT_EQ(seen(dense_mask{flags, 1, 1, 2, 5}, {3, 3, 1, 2, 5}), (keys{0, 3}));
  EXPECT_EQ(seen(dense_mask{flags, 1, 1, 1, 5}, {3, 3, 1, 2, 5}), (keys{1, 2, 4}));  // one for all
  EXPECT_EQ(seen(dense_mask{flags, 2, 1, 1, 5}, {1, 3, 0, 1, 5}), (keys{0, 3}));
  EXPECT_EQ(seen(dense_mask{flags, 1, 2, 1, 5}, {3, 1, 0, 1, 5}), (keys{0, 3}));
  EXPECT_EQ(seen(dense_mask{flags, 1, 1, 2, 3, 5}, {0, 0, 1, 2, 3}), (keys{0}));
}

TEST(visible, a_bit_for_each_key) {
  const std::uint8_t bits[] = {0b10010110, 0b10, 0b00000001, 0b01};
  EXPECT_EQ(seen(bit_mask{bits, 1, 1, 2, 10}, {0, 0, 0, 2, 10}), (keys{1, 2, 4, 7, 9}));
  EXPECT_EQ(seen(bit_mask{bits, 1, 1, 2, 10}, {0, 0, 1, 2, 10}), (keys{0, 8}));
  EXPECT_EQ(seen(bit_mask{bits, 1, 1, 2, 5, 2}, {0, 0, 1, 2, 5}), (keys{0}));
}

TEST(visible, a_hidden_key_ends_no_sequence) {
  const std::uint8_t bits[] = {0b01111, 0b01111};
  const bit_mask mask{bits, 1, 1, 2, 5};
  const index lengths[] = {3};
  EXPECT_EQ(seen(both{mask, sliding_window{1}}, {0, 0, 1, 2, 5}), (keys{3}));
  EXPECT_EQ(seen(both{both{mask, key_lengths{lengths, 1}}, sliding_window{1}}, {0, 0, 1, 2, 5}),
            (keys{1, 2}));
  EXPECT_EQ(seen(both{both{key_lengths{lengths, 1}, mask}, sliding_window{0}}, {0, 0, 0, 2, 5}),
            (keys{1}));
}

struct odd_keys {  // a mask of a user's own that hides single keys
  static constexpr bool hides_keys = true;
  key_range visible(row_position at) const { return {1, at.key_length}; }
  template <class V>
  V bias(row_position, index key) const {
    return key % 2 ? 0 : -std::numeric_limits<V>::infinity();
  }
};

TEST(visible, any_other_mask_is_asked_for_single_keys_too) {
  EXPECT_EQ(seen(odd_keys{}, row(0)), (keys{1, 3}));
  EXPECT_EQ(seen(both{causal{}, odd_keys{}}, row(0)), (keys{1}));
}

}  // namespace
