#include "skipmax/eigen/matrix.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/message_of.hpp"

namespace {

using skipmax::as_dl;
using skipmax::as_ld;
using skipmax::as_lhd;
using skipmax::index;
using skipmax::tensor_view;
using support::message_of;

template <class T>
using row_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using column_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

// Every element has a value of its own, so that a permutation shows.
template <class M>
M numbered(index rows, index cols) {
  M m(rows, cols);
  for (index i = 0; i < rows; ++i)
    for (index j = 0; j < cols; ++j) m(i, j) = static_cast<typename M::Scalar>(100 * i + j);
  return m;
}

template <class T, class M>
void expect_rows(tensor_view<T> view, const M& m) {
  ASSERT_EQ(view.batch, 1);
  ASSERT_EQ(view.heads, 1);
  ASSERT_EQ(view.length, m.rows());
  ASSERT_EQ(view.dim, m.cols());
  for (index l = 0; l < view.length; ++l)
    for (index x = 0; x < view.dim; ++x)
      ASSERT_EQ(&view.row(0, l, 0)[x], &m.coeffRef(l, x)) << "at " << l << ", " << x;
}

template <class T, class M>
void expect_columns(tensor_view<T> view, const M& m) {
  ASSERT_EQ(view.batch, 1);
  ASSERT_EQ(view.heads, 1);
  ASSERT_EQ(view.length, m.cols());
  ASSERT_EQ(view.dim, m.rows());
  for (index l = 0; l < view.length; ++l)
    for (index x = 0; x < view.dim; ++x)
      ASSERT_EQ(&view.row(0, l, 0)[x], &m.coeffRef(x, l)) << "at " << l << ", " << x;
}

TEST(as_ld, views_matrices_and_arrays) {
  row_major<float> m = numbered<row_major<float>>(7, 5);
  expect_rows(as_ld(m), m);
  const row_major<double> constant = numbered<row_major<double>>(3, 4);
  expect_rows(as_ld(constant), constant);
  Eigen::Array<float, 3, 8, Eigen::RowMajor> fixed;
  expect_rows(as_ld(fixed), fixed);
  Eigen::RowVectorXf vector(6);
  expect_rows(as_ld(vector), vector);
}

TEST(as_ld, is_constant_where_the_matrix_is) {
  row_major<float> m(2, 3);
  const row_major<float>& constant = m;
  static_assert(std::is_same_v<decltype(as_ld(m)), tensor_view<float>>);
  static_assert(std::is_same_v<decltype(as_ld(constant)), tensor_view<const float>>);
  static_assert(std::is_same_v<decltype(as_ld(m.topRows(1))), tensor_view<float>>);
  static_assert(std::is_same_v<decltype(as_ld(constant.topRows(1))), tensor_view<const float>>);
  using map = Eigen::Map<row_major<float>>;
  using map_of_const = Eigen::Map<const row_major<float>>;
  static_assert(std::is_same_v<decltype(as_ld(std::declval<map>())), tensor_view<float>>);
  static_assert(
      std::is_same_v<decltype(as_ld(std::declval<map_of_const>())), tensor_view<const float>>);
  static_assert(std::is_same_v<decltype(as_ld(std::declval<Eigen::Ref<row_major<float>>&>())),
                               tensor_view<float>>);
  static_assert(
      std::is_same_v<decltype(as_ld(std::declval<const Eigen::Ref<const row_major<float>>&>())),
                     tensor_view<const float>>);
  as_ld(m).row(0, 1, 0)[2] = 42;
  EXPECT_EQ(constant(1, 2), 42);
}

TEST(as_ld, follows_the_outer_stride) {
  row_major<float> m = numbered<row_major<float>>(9, 11);
  expect_rows(as_ld(m.block(2, 3, 4, 5)), m.block(2, 3, 4, 5));
  expect_rows(as_ld(m.middleRows(1, 3)), m.middleRows(1, 3));
  expect_rows(as_ld(m.row(4)), m.row(4));
  auto block = m.rightCols(4);
  expect_rows(as_ld(block), block);
  expect_rows(as_ld(block.topRows(2)), block.topRows(2));  // a block of a block
  Eigen::Map<row_major<float>, 0, Eigen::OuterStride<>> map(m.data(), 3, 4,
                                                            Eigen::OuterStride<>(22));
  expect_rows(as_ld(map), map);
  EXPECT_EQ(as_ld(map).row(0, 1, 0)[1], 201);
  Eigen::Ref<row_major<float>> ref = m.leftCols(6);
  expect_rows(as_ld(ref), ref);
  EXPECT_EQ(as_ld(ref).row(0, 8, 0), &m(8, 0));
}

TEST(as_ld, takes_temporary_views) {
  std::vector<double> memory(12, 1);
  const auto view = as_ld(Eigen::Map<const row_major<double>>(memory.data(), 3, 4));
  EXPECT_EQ(view.data, memory.data());
  EXPECT_EQ(view.length, 3);
  EXPECT_EQ(view.dim, 4);
  EXPECT_EQ(view.length_stride, 4);
}

TEST(as_ld, takes_empty_matrices) {
  row_major<float> no_rows(0, 5), no_columns(5, 0);
  EXPECT_EQ(as_ld(no_rows).length, 0);
  EXPECT_EQ(as_ld(no_rows).dim, 5);
  EXPECT_EQ(as_ld(no_columns).length, 5);
  EXPECT_EQ(as_ld(no_columns).dim, 0);
}

TEST(as_ld, checks_an_inner_stride_that_only_the_run_knows) {
  using any_stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  using map = Eigen::Map<row_major<float>, 0, any_stride>;
  row_major<float> m = numbered<row_major<float>>(6, 8);
  const map dense(m.data(), 3, 4, any_stride(8, 1));
  expect_rows(as_ld(dense), dense);
  const map spread(m.data(), 3, 4, any_stride(8, 2));
  EXPECT_EQ(message_of([&] { (void)as_ld(spread); }),
            "skipmax: as_ld: inner stride: found 2, wanted 1: copy into a Matrix");
  const map one_column(m.data(), 3, 1, any_stride(8, 2));  // the inner stride does not matter
  expect_rows(as_ld(one_column), one_column);
}

TEST(as_dl, views_column_major_objects) {
  column_major<float> m = numbered<column_major<float>>(5, 7);
  const column_major<float>& constant = m;
  static_assert(std::is_same_v<decltype(as_dl(m)), tensor_view<float>>);
  static_assert(std::is_same_v<decltype(as_dl(constant)), tensor_view<const float>>);
  expect_columns(as_dl(m), m);
  expect_columns(as_dl(constant), constant);
  expect_columns(as_dl(m.block(1, 2, 3, 4)), m.block(1, 2, 3, 4));
  expect_columns(as_dl(m.col(3)), m.col(3));
  expect_columns(as_dl(m.col(3).head(2)), m.col(3).head(2));
  Eigen::Ref<column_major<float>> ref = m.topRows(3);
  expect_columns(as_dl(ref), ref);
}

TEST(as_dl, sees_what_as_ld_sees_in_the_transpose) {
  row_major<double> m = numbered<row_major<double>>(4, 3);
  const auto rows = as_ld(m), columns = as_dl(m.transpose());
  EXPECT_EQ(rows.data, columns.data);
  EXPECT_EQ(rows.length, columns.length);
  EXPECT_EQ(rows.dim, columns.dim);
  EXPECT_EQ(rows.length_stride, columns.length_stride);
}

TEST(as_lhd, takes_the_heads_apart) {
  row_major<float> m = numbered<row_major<float>>(7, 12);
  const auto view = as_lhd(m, 3);
  static_assert(std::is_same_v<decltype(view), const tensor_view<float>>);
  EXPECT_EQ(view.batch, 1);
  EXPECT_EQ(view.length, 7);
  EXPECT_EQ(view.heads, 3);
  EXPECT_EQ(view.dim, 4);
  EXPECT_EQ(view.row(0, 2, 1), &m(2, 4));
  // k of a fused projection, next to q and v
  const auto k = as_lhd(m.middleCols(4, 4), 2);
  EXPECT_EQ(k.dim, 2);
  EXPECT_EQ(k.row(0, 3, 1), &m(3, 6));
}

TEST(as_lhd, names_a_width_that_does_not_divide) {
  row_major<float> m(7, 12);
  EXPECT_EQ(message_of([&] { (void)as_lhd(m, 5); }),
            "skipmax: as_lhd: width: found 12, wanted a multiple of 5 heads");
  EXPECT_EQ(message_of([&] { (void)as_lhd(m, 0); }),
            "skipmax: as_lhd: heads: found 0, wanted at least 1");
}

}  // namespace
