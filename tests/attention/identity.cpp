#include "skipmax/score/identity.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(identity, every_slot_float) {
  support::check_every_slot<float>(1000, skipmax::identity{});
}
TEST(identity, every_slot_double) {
  support::check_every_slot<double>(1500, skipmax::identity{});
}

}  // namespace
