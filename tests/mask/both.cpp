#include "skipmax/mask/both.hpp"

#include "bias/lanes.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/dense_mask.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "skipmax/mask/sliding_window.hpp"
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

TEST(both, moves_forward_if_both_do) {
  support::check_moves_forward(both{padded, causal{}}, 4, 9);
  support::check_moves_forward(both{causal{}, padded}, 4, 9);
  for (index before = 0; before < 4; ++before) {
    support::check_moves_forward(both{padded, sliding_window{before, 1}}, 4, 9);
    support::check_moves_forward(both{sliding_window{before, 1}, padded}, 4, 9);
  }
  static_assert(!moves_forward<both<causal, window>>);
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

// Which of the keys 0 .. 4 of a sequence row `query` sees, through bias() and visible().
template <class Mask>
std::string seen(const Mask& mask, index batch, index query = 0, index queries = 1) {
  const row_position at{batch, 0, query, queries, 5};
  const key_range range = visible_range(mask, at);
  std::string text;
  for (index j = 0; j < 5; ++j) {
    const bool inside = range.first <= j && j < range.last;
    text += inside && mask.template bias<double>(at, j) == 0 ? '+' : '-';
  }
  std::string wanted(5, '-');
  for (index j : reference::visible<native_isa>(mask, at))
    wanted[static_cast<std::size_t>(j)] = '+';
  EXPECT_EQ(text, wanted);
  return text;
}

const std::uint8_t flags[] = {1, 0, 1, 1, 0, 1, 1, 0, 0, 1};  // [2, 1, 1, 5]
const dense_mask single{flags, 2, 1, 1, 5};
const std::uint8_t bits[] = {0b00111};
const bit_mask first_three{bits, 1, 1, 1, 5};
const index of_two[] = {5, 3};
const key_lengths two{of_two, 2};

TEST(both, single_keys_stay_hidden) {
  EXPECT_EQ(seen(both{single, no_mask{}}, 0), "+-++-");
  EXPECT_EQ(seen(both{no_mask{}, single}, 1), "++--+");
  EXPECT_EQ(seen(both{single, first_three}, 0), "+-+--");
  EXPECT_EQ(seen(both{first_three, single}, 1), "++---");
  EXPECT_EQ(seen(both{two, single}, 1), "++---");
  EXPECT_EQ(seen(both{single, two}, 1), "++---");
  EXPECT_EQ(seen(both{single, both{first_three, two}}, 0), "+-+--");
  EXPECT_EQ(seen(both{both{two, first_three}, single}, 1), "++---");
  static_assert(both<dense_mask<>, no_mask>::hides_keys && both<no_mask, bit_mask>::hides_keys);
  static_assert(both<causal, both<key_lengths, bit_mask>>::hides_keys);
  static_assert(!hides_single_keys<both<causal, key_lengths>>);
}

TEST(both, a_hidden_key_ends_no_sequence) {
  // The last of two queries sees the last key that there is, not the last that is not hidden.
  const std::uint8_t all_but_the_last[] = {1, 1, 1, 1, 0, 1, 1, 1, 1, 0};
  const dense_mask mask{all_but_the_last, 1, 1, 2, 5};
  EXPECT_EQ(seen(both{mask, causal{}}, 0, 0, 2), "++++-");
  EXPECT_EQ(seen(both{mask, sliding_window{1}}, 0, 0, 2), "--++-");
  EXPECT_EQ(seen(both{mask, sliding_window{1}}, 0, 1, 2), "---+-");
  EXPECT_EQ(seen(both{both{two, mask}, sliding_window{1}}, 1, 1, 2), "-++--");
}

// Hides the last key of the sequence as it sees it.
struct without_the_last {
  static constexpr bool hides_keys = true;
  key_range visible(row_position at) const { return {0, at.key_length}; }
  template <class V>
  V bias(row_position at, index key) const {
    return key == at.key_length - 1 ? -std::numeric_limits<V>::infinity() : 0;
  }
};

TEST(both, the_second_hides_keys_of_the_sequence_that_the_first_ended) {
  EXPECT_EQ(seen(both{two, without_the_last{}}, 1), "++---");
  EXPECT_EQ(seen(both{without_the_last{}, two}, 1), "+++--");
  EXPECT_EQ(seen(both{two, both{no_mask{}, without_the_last{}}}, 1), "++---");
}

TEST(both, registers_hold_what_their_lanes_are) {
  std::uint8_t many[2 * 40];
  for (int n = 0; n < 80; ++n) many[n] = static_cast<std::uint8_t>(n * n % 7 < 3);
  const dense_mask bytes{many, 1, 1, 2, 40};
  const bit_mask some_bits{many, 1, 1, 2, 40};
  support::expect_lanes_of_all_rows<float>(both{bytes, some_bits}, support::sizes(1, 1, 2, 40));
  support::expect_lanes_of_all_rows<double>(both{bytes, causal{}}, support::sizes(1, 1, 2, 40));
  support::expect_lanes_of_all_rows<float>(both{causal{}, bytes}, support::sizes(1, 1, 2, 40));
}

}  // namespace
