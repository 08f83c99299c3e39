#include "skipmax/score/gelu_erf.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(gelu_erf, every_slot_float) {
  support::check_every_slot<float>(6000, skipmax::gelu_erf{});
}
TEST(gelu_erf, every_slot_double) {
  support::check_every_slot<double>(6500, skipmax::gelu_erf{});
}

}  // namespace
