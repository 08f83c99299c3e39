#include "skipmax/score/compose.hpp"

#include "support/every_slot.hpp"

namespace {

const skipmax::compose softened{skipmax::softplus{}, skipmax::silu{}};

TEST(compose, every_slot_float) {
  support::check_every_slot<float>(11000, softened);
}
TEST(compose, every_slot_double) {
  support::check_every_slot<double>(11500, softened);
}

}  // namespace
