#include "skipmax/score/softplus.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(softplus, every_slot_float) {
  support::check_every_slot<float>(7000, skipmax::softplus{});
}
TEST(softplus, every_slot_double) {
  support::check_every_slot<double>(7500, skipmax::softplus{});
}

}  // namespace
