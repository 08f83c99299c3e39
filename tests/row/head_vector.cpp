#include "skipmax/row/head_vector.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using skipmax::head_vector;
using skipmax::index;

const float numbers[12] = {};

std::string complaint(const head_vector<float>& v, index heads, index dim) {
  skipmax::error_message error{};
  v.check("layer_norm", "weight", heads, dim, error);
  return error.text;
}

TEST(head_vector, rows_of_heads) {
  EXPECT_EQ((head_vector{numbers, 4, 3}.row(2)), numbers + 8);
  EXPECT_EQ((head_vector{numbers, 4}.row(2)), numbers);
  EXPECT_EQ(head_vector<float>{}.row(2), nullptr);
}

TEST(head_vector, what_fits_passes) {
  EXPECT_EQ(complaint({numbers, 4, 3}, 3, 4), "");
  EXPECT_EQ(complaint({numbers, 4}, 3, 4), "");
  EXPECT_EQ(complaint({}, 3, 4), "");
  EXPECT_EQ(complaint({numbers, 0}, 3, 0), "");
}

TEST(head_vector, what_does_not_fit) {
  EXPECT_EQ(complaint({numbers, 3}, 3, 4),
            "row layer_norm: weight: found [1, 3], wanted [1, 4] for all heads or [3, 4]");
  EXPECT_EQ(complaint({numbers, 4, 2}, 3, 4),
            "row layer_norm: weight: found [2, 4], wanted [1, 4] for all heads or [3, 4]");
  EXPECT_EQ(complaint({numbers, 4, 2}, 1, 4),
            "row layer_norm: weight: found [2, 4], wanted [1, 4]");
  EXPECT_EQ(complaint({nullptr, 4}, 1, 4),
            "row layer_norm: weight: found a null pointer, wanted [1, 4]");
}

}  // namespace
