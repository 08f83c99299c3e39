#include "skipmax/mask/mask_policy.hpp"

#include <gtest/gtest.h>

namespace {

using namespace skipmax;

struct fixed_range {
  key_range range;
  key_range visible(row_position) const { return range; }
};

key_range cut(key_range range) {
  return visible_range(fixed_range{range}, row_position{0, 0, 0, 1, 10});
}

TEST(mask_policy, a_range_is_cut_to_the_keys_there_are) {
  EXPECT_EQ(cut({-3, 4}).first, 0);
  EXPECT_EQ(cut({-3, 4}).last, 4);
  EXPECT_EQ(cut({2, 99}).first, 2);
  EXPECT_EQ(cut({2, 99}).last, 10);
}

TEST(mask_policy, a_range_that_ends_before_it_begins_is_empty) {
  for (const key_range range : {key_range{5, 2}, {12, 20}, {-5, -1}, {3, 3}}) {
    EXPECT_EQ(cut(range).first, cut(range).last) << range.first << " to " << range.last;
  }
}

struct no_visible {};
struct returns_a_number {
  int visible(row_position) const { return 0; }
};
static_assert(mask_policy<fixed_range>);
static_assert(!mask_policy<no_visible>);
static_assert(!mask_policy<returns_a_number>);

}  // namespace
