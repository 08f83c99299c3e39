#include "skipmax/score/laplace.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(laplace, every_slot_float) {
  support::check_every_slot<float>(10000, skipmax::laplace{});
}
TEST(laplace, every_slot_double) {
  support::check_every_slot<double>(10500, skipmax::laplace{});
}

}  // namespace
