#include "skipmax/mask/dense_mask.hpp"

#include <vector>

#include "bias/lanes.hpp"
#include "skipmax/mask/mask_policy.hpp"
#include "support/fenced.hpp"
#include "support/masks.hpp"
#include "support/random.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::complaint_about;
using support::sizes;

static_assert(mask_policy<dense_mask<>> && mask_policy<dense_mask<bool>> && mask_policy<bit_mask>);
static_assert(hides_single_keys<dense_mask<>> && hides_single_keys<bit_mask>);
static_assert(!sees_alike<dense_mask<>> && !sees_alike<bit_mask>);

const double hidden = -std::numeric_limits<double>::infinity();

// Random flags: a byte that is not zero has random bits.
void fill(std::uint8_t* bytes, index count) {
  for (index n = 0; n < count; ++n) {
    const auto at = static_cast<std::uint64_t>(n);
    const int value = support::whole(1, at, 0, 1) * support::whole(2, at, 1, 255);
    bytes[n] = static_cast<std::uint8_t>(value);
  }
}

TEST(dense_mask, by_hand) {
  const bool flags[] = {true, false, true, false, false, true};  // [1, 1, 2, 3]
  const dense_mask mask{flags, 1, 1, 2, 3};
  const row_position row0{0, 0, 0, 2, 3}, row1{0, 0, 1, 2, 3};
  EXPECT_EQ(mask.visible(row0).first, 0);
  EXPECT_EQ(mask.visible(row0).last, 3);
  EXPECT_EQ(mask.bias<double>(row0, 0), 0);
  EXPECT_EQ(mask.bias<double>(row0, 1), hidden);
  EXPECT_EQ(mask.bias<double>(row0, 2), 0);
  EXPECT_EQ(mask.bias<float>(row1, 0), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(mask.bias<float>(row1, 2), 0);
}

TEST(dense_mask, any_byte_but_0_is_visible) {
  for (int value = 0; value < 256; ++value) {
    std::vector<std::uint8_t> bytes(16, static_cast<std::uint8_t>(value));
    const dense_mask mask{bytes.data(), 1, 1, 1, 16};
    const row_position at{0, 0, 0, 1, 16};
    EXPECT_EQ(mask.bias<double>(at, 3), value == 0 ? hidden : 0) << value;
    support::expect_lanes<float>(mask, at);
    support::expect_lanes<double>(mask, at);
  }
}

TEST(bit_mask, by_hand) {
  // [1, 1, 2, 11]: row 0 sees keys 0, 2, 3 and 8, row 1 sees keys 7 and 10.
  const std::uint8_t bits[] = {0b00001101, 0b00000001, 0b10000000, 0b00000100};
  const bit_mask mask{bits, 1, 1, 2, 11};
  for (index j = 0; j < 11; ++j) {
    const bool sees0 = j == 0 || j == 2 || j == 3 || j == 8, sees1 = j == 7 || j == 10;
    EXPECT_EQ(mask.bias<double>({0, 0, 0, 2, 11}, j), sees0 ? 0 : hidden) << j;
    EXPECT_EQ(mask.bias<double>({0, 0, 1, 2, 11}, j), sees1 ? 0 : hidden) << j;
  }
}

TEST(dense_mask, batch_and_heads_may_be_shared) {
  const std::uint8_t flags[] = {1, 0, 0, 1};
  const row_position at{1, 1, 0, 1, 1};
  EXPECT_EQ((dense_mask{flags, 2, 2, 1, 1}.bias<double>(at, 0)), 0);
  EXPECT_EQ((dense_mask{flags, 1, 2, 1, 1}.bias<double>(at, 0)), hidden);
  EXPECT_EQ((dense_mask{flags + 2, 2, 1, 1, 1}.bias<double>(at, 0)), 0);
  EXPECT_EQ((dense_mask{flags, 1, 1, 1, 1}.bias<double>(at, 0)), 0);
  EXPECT_EQ((bit_mask{flags, 2, 2, 1, 1}.bias<double>(at, 0)), 0);
  EXPECT_EQ((bit_mask{flags, 1, 2, 1, 1}.bias<double>(at, 0)), hidden);
}

TEST(dense_mask, one_row_may_serve_all_queries) {
  const std::uint8_t flags[] = {1, 0, 0, 1};  // [batch 2, 1, 1, key 2]
  for (index b = 0; b < 2; ++b)
    for (index i = 0; i < 3; ++i)
      for (index j = 0; j < 2; ++j) {
        const row_position at{b, 4, i, 3, 2};
        EXPECT_EQ((dense_mask{flags, 2, 1, 1, 2}.bias<double>(at, j)), b == j ? 0 : hidden);
        EXPECT_EQ((bit_mask{flags + b, 1, 1, 1, 2}.bias<double>(at, j)),
                  b == 0 && j == 0 ? 0 : hidden);
      }
}

TEST(dense_mask, a_row_takes_its_bytes) {
  const std::uint8_t flags[60] = {};
  const problem p = sizes(1, 1, 4, 9);
  EXPECT_EQ(complaint_about(dense_mask{flags, 1, 1, 4, 9, 9}, p), "");
  EXPECT_EQ(complaint_about(dense_mask{flags, 1, 1, 4, 9, 0}, p), "");
  EXPECT_EQ(complaint_about(dense_mask{flags, 1, 1, 4, 9, 3}, p),
            "mask dense_mask: row_stride: found 3, wanted 0 or at least 9, the bytes of a row");
  EXPECT_EQ(complaint_about(bit_mask{flags, 1, 1, 4, 9, 2}, p), "");
  EXPECT_EQ(complaint_about(bit_mask{flags, 1, 1, 4, 9, 1}, p),
            "mask bit_mask: row_stride: found 1, wanted 0 or at least 2, the bytes of a row");
}

TEST(dense_mask, rows_may_lie_apart) {
  const std::uint8_t flags[] = {1, 0, 9, 0, 1, 9};
  const dense_mask mask{flags, 1, 1, 2, 2, 3};
  EXPECT_EQ(mask.bias<double>({0, 0, 1, 2, 2}, 0), hidden);
  EXPECT_EQ(mask.bias<double>({0, 0, 1, 2, 2}, 1), 0);
  const bit_mask bits{flags, 1, 1, 2, 2, 4};
  EXPECT_EQ(bits.bias<double>({0, 0, 1, 2, 2}, 0), 0);
  EXPECT_EQ(bits.bias<double>({0, 0, 1, 2, 2}, 1), hidden);
  const dense_mask alike{flags, 1, 1, 2, 2, 0};  // one row for all queries
  EXPECT_EQ(alike.bias<double>({0, 0, 1, 2, 2}, 0), 0);
}

// Compares every size up to some registers with the reference and with scalars, with flags at the
// end, or at the start, of accessible memory.
template <class Make>
void check_all_lengths(index batch, index heads, index queries, Make make) {
  for (index keys = 0; keys < 43; ++keys) {
    for (const support::fence side : {support::fence::before, support::fence::after}) {
      const index row_bytes = make(nullptr, keys).row_stride;
      support::fenced<std::uint8_t> flags(batch * heads * queries * row_bytes, side);
      fill(flags.data(), batch * heads * queries * row_bytes);
      const auto mask = make(flags.data(), keys);
      const problem p = sizes(batch, heads, queries, keys);
      EXPECT_EQ(complaint_about(mask, p), "");
      support::expect_lanes_of_all_rows<float>(mask, p);
      support::expect_lanes_of_all_rows<double>(mask, p);
      for (index b = 0; b < batch; ++b)
        for (index h = 0; h < heads; ++h)
          for (index i = 0; i < queries; ++i) {
            const row_position at{b, h, i, queries, keys};
            std::vector<index> seen;
            for (index j = 0; j < keys; ++j)
              if (mask.template bias<double>(at, j) == 0) seen.push_back(j);
            EXPECT_EQ(seen, reference::visible<native_isa>(mask, at));
          }
    }
  }
}

TEST(dense_mask, nothing_outside_is_read) {
  check_all_lengths(2, 3, 2, [](const std::uint8_t* data, index keys) {
    return dense_mask{data, 2, 3, 2, keys};
  });
}

TEST(bit_mask, nothing_outside_is_read) {
  check_all_lengths(2, 3, 2, [](const std::uint8_t* data, index keys) {
    return bit_mask{data, 2, 3, 2, keys};
  });
}

TEST(dense_mask, sizes_are_those_of_the_call) {
  const std::uint8_t flags[1] = {};
  const problem p = sizes(2, 6, 4, 5);
  const std::string wanted =
      ", wanted [1 or 2, 1 or 6, 1 or 4, 5], the batch and heads of q and the lengths of q and k "
      "(of segments: their number and the longest)";
  const auto found = [&](index b, index h, index lq, index lk) {
    return complaint_about(dense_mask{flags, b, h, lq, lk}, p);
  };
  EXPECT_EQ(found(1, 1, 4, 5), "");
  EXPECT_EQ(found(2, 6, 4, 5), "");
  EXPECT_EQ(found(3, 6, 4, 5), "mask dense_mask: found [3, 6, 4, 5]" + wanted);
  EXPECT_EQ(found(2, 2, 4, 5), "mask dense_mask: found [2, 2, 4, 5]" + wanted);
  EXPECT_EQ(found(2, 6, 1, 5), "");
  EXPECT_EQ(found(2, 6, 2, 5), "mask dense_mask: found [2, 6, 2, 5]" + wanted);
  EXPECT_EQ(found(2, 6, 4, 6), "mask dense_mask: found [2, 6, 4, 6]" + wanted);
  EXPECT_EQ(complaint_about(bit_mask{flags, 2, 6, 5, 5}, p),
            "mask bit_mask: found [2, 6, 5, 5]" + wanted);
}

TEST(dense_mask, data_is_given) {
  const problem p = sizes(1, 1, 4, 17);
  EXPECT_EQ(complaint_about(dense_mask<bool>{nullptr, 1, 1, 4, 17}, p),
            "mask dense_mask: data: found a null pointer, wanted [1, 1, 4, 17]");
  EXPECT_EQ(complaint_about(bit_mask{nullptr, 1, 1, 4, 17}, p),
            "mask bit_mask: data: found a null pointer, wanted [1, 1, 4, 17]");
  EXPECT_EQ(complaint_about(dense_mask<>{nullptr, 1, 1, 0, 17}, sizes(1, 1, 0, 17)), "");
}

}  // namespace
