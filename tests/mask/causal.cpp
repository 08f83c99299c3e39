#include "skipmax/mask/causal.hpp"

#include "support/masks.hpp"

namespace {

static_assert(skipmax::mask_policy<skipmax::causal>);

TEST(causal, all_small_shapes) {
  support::check_mask(skipmax::causal{}, 1, 9);
  support::check_moves_forward(skipmax::causal{}, 1, 9);
}

TEST(causal, one_query_over_a_cache_sees_all_of_it) {
  const auto range = skipmax::causal{}.visible({0, 0, 0, 1, 1000});
  EXPECT_EQ(range.first, 0);
  EXPECT_EQ(range.last, 1000);
}

}  // namespace
