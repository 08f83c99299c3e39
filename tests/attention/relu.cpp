#include "skipmax/score/relu.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(relu, every_slot_float) {
  support::check_every_slot<float>(2000, skipmax::relu{});
}
TEST(relu, every_slot_double) {
  support::check_every_slot<double>(2500, skipmax::relu{});
}

}  // namespace
