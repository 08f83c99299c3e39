#include "slot_pairs.hpp"

namespace {

using namespace skipmax;

TEST(slot_pairs, relu_double) {
  support::check_slot_pairs<double>(relu_attention{}, 100, 1e-10);
}
TEST(slot_pairs, softmax_double) {
  support::check_slot_pairs<double>(softmax_attention{}, 500, 1e-10);
}
TEST(slot_pairs, sigmoid_double) {
  support::check_slot_pairs<double>(sigmoid_attention{}, 900, 1e-10);
}
TEST(slot_pairs, capped_silu_double) {
  support::check_slot_pairs<double>(relu_attention{}.with(silu{}).with(softcap{5}), 1300, 1e-10);
}

}  // namespace
