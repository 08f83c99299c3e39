#include "skipmax/bias/score_bias.hpp"

#include "bias/lanes.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

struct by_key {  // of a user's own
  template <class V>
  SKIPMAX_INLINE V bias(row_position, index key) const {
    return math::constant<V>(static_cast<double>(key)) + math::lane_numbers<V>();
  }
};
struct gives_a_number {
  template <class V>
  int bias(row_position, index) const {
    return 0;
  }
};
struct never_hides : no_bias {
  static constexpr bool hides_keys = false;
};
struct may_hide : no_bias {
  static constexpr bool hides_keys = true;
};

static_assert(score_bias<no_bias> && score_bias<by_key> && score_bias<may_hide>);
static_assert(!score_bias<gives_a_number> && !score_bias<problem>);
static_assert(hides_single_keys<may_hide>);
static_assert(!hides_single_keys<never_hides> && !hides_single_keys<no_bias>);

TEST(score_bias, no_bias_is_zero) {
  EXPECT_EQ((no_bias{}.bias<double>({0, 0, 0, 1, 40}, 7)), 0);
  support::expect_lanes<float>(no_bias{}, {0, 0, 0, 1, 40});
}

TEST(score_bias, one_formula_serves_registers_and_scalars) {
  EXPECT_EQ((by_key{}.bias<double>({0, 0, 0, 1, 40}, 7)), 7);
  support::expect_lanes<float>(by_key{}, {0, 0, 0, 1, 40});
  support::expect_lanes<double>(by_key{}, {0, 0, 0, 1, 40});
}

}  // namespace
