#include "skipmax/normalize/divisor.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/no_mask.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const row_position at{1, 3, 2, 4, 9};  // sequence 1, head 3, query 2 of 4, 9 keys
const problem shape{2, 4, 9, 6, 6, 8, 8};

template <class Divisor, class Mask = no_mask>
std::string complaint(const Divisor& divisor, const problem& p = shape, const Mask& mask = {}) {
  error_message error{};
  divisor.check(p, mask, error);
  return error.text;
}

TEST(divisor, visible_keys_counts_what_the_row_sees) {
  EXPECT_EQ(visible_keys{}.length(at, 5, 9), 5);
}

TEST(divisor, all_keys_counts_what_is_given) {
  EXPECT_EQ(all_keys{}.length(at, 5, 9), 9);
}

TEST(divisor, fixed_number_is_itself) {
  EXPECT_EQ(fixed_number{200.5}.length(at, 5, 9), 200.5);
  EXPECT_EQ(complaint(fixed_number{200.5}), "");
  EXPECT_EQ(complaint(fixed_number{0}),
            "divisor fixed_number: found 0, wanted a finite number above 0");
  EXPECT_EQ(complaint(fixed_number{-2}),
            "divisor fixed_number: found -2, wanted a finite number above 0");
  EXPECT_NE(complaint(fixed_number{nan}), "");
  EXPECT_NE(complaint(fixed_number{infinity}), "");
}

TEST(divisor, fixed_number_may_be_zero_without_keys) {
  EXPECT_EQ(complaint(fixed_number{0}, {2, 4, 0, 6, 6, 8, 8}), "");
}

TEST(divisor, per_row_reads_the_row) {
  const double numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ((per_row{numbers, 2, 4}.length(at, 5, 9)), 7);
  EXPECT_EQ((per_row{numbers, 1, 4}.length(at, 5, 9)), 3);
  EXPECT_EQ(complaint(per_row{numbers, 2, 4}), "");
  EXPECT_EQ(complaint(per_row{numbers, 1, 4}), "");
}

TEST(divisor, per_row_has_a_shape) {
  const double numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(complaint(per_row{numbers, 4, 2}),
            "divisor per_row: found [4, 2], wanted [1 or 2, 4], the batch and length of q (of "
            "segments: their number and the longest)");
  EXPECT_EQ(complaint(per_row{nullptr, 2, 4}),
            "divisor per_row: data: found a null pointer, wanted [2, 4]");
  EXPECT_EQ(complaint(per_row{}, {0, 0, 9, 6, 6, 8, 8}), "");
}

TEST(divisor, per_row_divides_by_no_bad_number) {
  for (double bad : {0., -1., nan, infinity, -infinity}) {
    const double numbers[] = {1, 2, 3, 4, 5, bad, 7, 8};
    const std::string text = complaint(per_row{numbers, 2, 4});
    EXPECT_EQ(text.rfind("divisor per_row: row [1, 1]: found ", 0), 0u) << text;
  }
}

TEST(divisor, per_row_may_be_zero_where_a_row_sees_nothing) {
  // Four queries over two keys: under a causal mask the first two see none.
  const double numbers[] = {0, 0, 3, 4};
  const problem p{2, 4, 2, 6, 6, 8, 8};
  EXPECT_EQ(complaint(per_row{numbers, 1, 4}, p, causal{}), "");
  EXPECT_NE(complaint(per_row{numbers, 1, 4}, p, no_mask{}), "");
}

}  // namespace
