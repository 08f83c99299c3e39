#include "skipmax/score/gelu.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(gelu, every_slot_float) {
  support::check_every_slot<float>(5000, skipmax::gelu{});
}
TEST(gelu, every_slot_double) {
  support::check_every_slot<double>(5500, skipmax::gelu{});
}

}  // namespace
