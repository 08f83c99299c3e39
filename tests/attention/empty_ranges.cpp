// Masks whose rows see nothing, in whole blocks and tasks: wherever the empty range lies.
#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;

// Row i sees the keys i - width + 1 .. i: late rows see none, their range starts beyond the keys.
struct window {
  skipmax::index width;
  SKIPMAX_INLINE key_range visible(row_position at) const {
    return {at.query - width + 1, at.query + 1};
  }
};

// Every second hundred of rows sees nothing, by a range that ends before it starts.
struct stripes {
  SKIPMAX_INLINE key_range visible(row_position at) const {
    if (at.query / 100 % 2 == 1) return {90, -5};
    return {at.query % 7, at.key_length};
  }
};

template <class T, class Mask>
void check(const Mask& mask, const problem& p) {
  support::check_against_reference<T>(relu_attention{}.with(mask), p);
  support::check_against_reference<T>(softmax_attention{}.with(mask), p);
}

TEST(empty_ranges, tasks_of_rows_beyond_the_last_key) {
  check<float>(window{8}, {1, 1500, 20, 1, 1, 16, 16});
  check<float>(window{300}, {1, 1500, 700, 1, 1, 16, 5});
  check<double>(window{30}, {1, 900, 257, 2, 1, 3, 16});
}

TEST(empty_ranges, blocks_that_see_nothing_between_others) {
  check<float>(stripes{}, {2, 350, 300, 1, 1, 16, 16});
  check<double>(stripes{}, {1, 350, 20, 2, 2, 8, 9});
}

TEST(empty_ranges, first_key_alone_with_the_lowest_of_scores) {
  std::vector<float> q(16, -1.2e38f), k(16, 0.25f), v(16, 3), out(16);
  softmax_attention{}.forward(ld(q.data(), 1, 16), ld(k.data(), 1, 16), ld(v.data(), 1, 16),
                              ld(out.data(), 1, 16));
  for (float x : out) EXPECT_EQ(x, 3);
}

}  // namespace
