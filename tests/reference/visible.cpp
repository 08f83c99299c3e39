#include "skipmax/reference/visible.hpp"

#include <gtest/gtest.h>

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
  EXPECT_EQ(seen(both{middle{}, causal{}}, row(0)), (keys{1}));
}

}  // namespace
