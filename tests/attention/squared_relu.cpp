#include "skipmax/score/squared_relu.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(squared_relu, every_slot_float) {
  support::check_every_slot<float>(3000, skipmax::squared_relu{});
}
TEST(squared_relu, every_slot_double) {
  support::check_every_slot<double>(3500, skipmax::squared_relu{});
}

}  // namespace
