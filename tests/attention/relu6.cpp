#include "skipmax/score/relu6.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(relu6, every_slot_float) {
  support::check_every_slot<float>(4000, skipmax::relu6{});
}
TEST(relu6, every_slot_double) {
  support::check_every_slot<double>(4500, skipmax::relu6{});
}

}  // namespace
