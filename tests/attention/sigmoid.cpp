#include "skipmax/score/sigmoid.hpp"

#include "support/every_slot.hpp"

namespace {

TEST(sigmoid, every_slot_float) {
  support::check_every_slot<float>(8000, skipmax::sigmoid{-0.5});
}
TEST(sigmoid, every_slot_double) {
  support::check_every_slot<double>(8500, skipmax::sigmoid{-0.5});
}

}  // namespace
