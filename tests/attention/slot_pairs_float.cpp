#include "slot_pairs.hpp"

namespace {

using namespace skipmax;

TEST(slot_pairs, relu_float) {
  support::check_slot_pairs<float>(relu_attention{}, 100, 2e-3);
}
TEST(slot_pairs, softmax_float) {
  support::check_slot_pairs<float>(softmax_attention{}, 500, 2e-3);
}
TEST(slot_pairs, sigmoid_float) {
  support::check_slot_pairs<float>(sigmoid_attention{}, 900, 2e-3);
}
TEST(slot_pairs, capped_silu_float) {
  support::check_slot_pairs<float>(relu_attention{}.with(silu{}).with(softcap{5}), 1300, 2e-3);
}

}  // namespace
