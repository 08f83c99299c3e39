#include "skipmax/mask/both.hpp"

#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "support/masks.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

const index lengths[] = {0, 3, 7, 1};
const key_lengths padded{lengths, 4};

struct window {  // the last three keys up to the diagonal
  key_range visible(row_position at) const {
    const index last = at.key_length - at.query_length + at.query + 1;
    return {last - 3, last};
  }
};

TEST(both, the_diagonal_ends_with_the_sequence) {
  support::check_mask(both{padded, causal{}}, 4, 9, 7);
}

TEST(both, no_mask_changes_nothing) {
  support::check_mask(both{no_mask{}, causal{}}, 1, 7);
  support::check_mask(both{padded, no_mask{}}, 4, 9, 7);
}

TEST(both, three_masks) {
  support::check_mask(both{both{padded, causal{}}, no_mask{}}, 4, 9, 7);
  support::check_mask(both{padded, both{no_mask{}, causal{}}}, 4, 9, 7);
}

TEST(both, a_mask_of_a_users_own) {
  support::check_mask(both{padded, window{}}, 4, 9, 7);
  support::check_mask(both{window{}, no_mask{}}, 1, 7);
}

TEST(both, the_order_counts) {
  // Sequence 1 has 3 of 7 keys; row 0 of 2 stands before its last key, or before the last of all.
  const row_position at{1, 0, 0, 2, 7};
  EXPECT_EQ((both{padded, causal{}}.visible(at).last), 2);
  EXPECT_EQ((both{causal{}, padded}.visible(at).last), 3);
}

TEST(both, either_mask_may_complain) {
  const std::string wanted =
      "mask key_lengths: found 4 lengths, wanted one for each of the 2 sequences of the batch";
  EXPECT_EQ(support::complaint(both{padded, causal{}}, 2, 7), wanted);
  EXPECT_EQ(support::complaint(both{causal{}, padded}, 2, 7), wanted);
  EXPECT_EQ(support::complaint(both{padded, padded}, 2, 7), wanted);
  EXPECT_EQ(support::complaint(both{causal{}, padded}, 4, 7), "");
}

}  // namespace
