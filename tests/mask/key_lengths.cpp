#include "skipmax/mask/key_lengths.hpp"

#include "support/masks.hpp"

namespace {

using skipmax::index;
using skipmax::key_lengths;
using support::complaint;

static_assert(skipmax::mask_policy<key_lengths>);

const index lengths[] = {0, 3, 7, 1};

TEST(key_lengths, each_sequence_sees_its_own_keys) {
  support::check_mask(key_lengths{lengths, 4}, 4, 9, 7);
}

TEST(key_lengths, good_lengths_pass) {
  EXPECT_EQ(complaint(key_lengths{lengths, 4}, 4, 7), "");
  EXPECT_EQ(complaint(key_lengths{}, 0, 7), "");
}

TEST(key_lengths, one_length_for_each_sequence) {
  EXPECT_EQ(
      complaint(key_lengths{lengths, 3}, 4, 7),
      "mask key_lengths: found 3 lengths, wanted one for each of the 4 sequences of the batch");
}

TEST(key_lengths, no_lengths_at_all) {
  EXPECT_EQ(complaint(key_lengths{nullptr, 2}, 2, 7),
            "mask key_lengths: lengths: found a null pointer, wanted [2]");
}

TEST(key_lengths, no_sequence_is_longer_than_the_keys) {
  EXPECT_EQ(complaint(key_lengths{lengths, 4}, 4, 6),
            "mask key_lengths: lengths[2]: found 7, wanted 0 to 6, the length of k (of segments: "
            "the longest)");
}

TEST(key_lengths, no_sequence_is_shorter_than_nothing) {
  const index negative[] = {2, -1};
  EXPECT_EQ(complaint(key_lengths{negative, 2}, 2, 6),
            "mask key_lengths: lengths[1]: found -1, wanted 0 to 6, the length of k (of segments: "
            "the longest)");
}

}  // namespace
