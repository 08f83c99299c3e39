#include "skipmax/normalize/row_normalizer.hpp"

#include <gtest/gtest.h>

#include "skipmax/normalize/by_length.hpp"
#include "skipmax/normalize/minus_log_length.hpp"
#include "skipmax/normalize/softmax.hpp"
#include "skipmax/normalize/softmax_with_sinks.hpp"
#include "skipmax/normalize/unnormalized.hpp"
#include "skipmax/score/relu.hpp"

namespace {

using namespace skipmax;

static_assert(row_normalizer<softmax> && !is_pointwise<softmax>);
static_assert(row_normalizer<softmax_with_sinks> && !is_pointwise<softmax_with_sinks>);
static_assert(can_merge<softmax> && can_merge<softmax_with_sinks>);
static_assert(row_normalizer<by_length<>> && is_pointwise<by_length<>>);
static_assert(row_normalizer<unnormalized> && is_pointwise<unnormalized>);
static_assert(row_normalizer<minus_log_length<>> && is_pointwise<minus_log_length<>>);
static_assert(!row_normalizer<relu>);
struct says_only_pointwise {
  static constexpr bool pointwise = true;
};
static_assert(!row_normalizer<says_only_pointwise>);
static_assert(!row_normalizer<int>);

TEST(row_normalizer, who_asks_for_the_length) {
  EXPECT_FALSE(reads_length<softmax>);
  EXPECT_FALSE(reads_length<unnormalized>);
  EXPECT_TRUE(reads_length<by_length<>>);
  EXPECT_TRUE(reads_length<minus_log_length<fixed_number>>);
}

TEST(row_normalizer, who_moves_the_scores) {
  EXPECT_FALSE(shifts_scores<softmax>);
  EXPECT_FALSE(shifts_scores<by_length<>>);
  EXPECT_TRUE(shifts_scores<minus_log_length<>>);
}

}  // namespace
