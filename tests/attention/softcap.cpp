#include "skipmax/score/softcap.hpp"

#include "support/every_slot.hpp"

namespace {

const skipmax::softcap cap{1.5};

TEST(softcap, every_slot_float) {
  support::check_every_slot<float>(12000, skipmax::identity{}, cap);
}
TEST(softcap, every_slot_double) {
  support::check_every_slot<double>(12500, skipmax::identity{}, cap);
}

}  // namespace
