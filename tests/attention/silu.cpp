#include "skipmax/score/silu.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(silu, every_slot_float) {
  support::check_every_slot<float>(9000, skipmax::silu{});
}
TEST(silu, every_slot_double) {
  support::check_every_slot<double>(9500, skipmax::silu{});
}

}  // namespace
