#include "skipmax/mask/no_mask.hpp"

#include "support/masks.hpp"

namespace {

static_assert(skipmax::mask_policy<skipmax::no_mask>);

TEST(no_mask, every_row_sees_every_key) {
  support::check_mask(skipmax::no_mask{}, 1, 5);
}

}  // namespace
