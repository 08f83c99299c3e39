#include "skipmax/transform_rows.hpp"

#include <stdexcept>

#include "skipmax/execution/thread_pool.hpp"
#include "support/rows.hpp"
#include "support/tensor.hpp"

namespace {

using skipmax::head_vector;
using skipmax::index;
using skipmax::layer_norm;
using skipmax::rms_norm;
using skipmax::row_matrix;
using skipmax::row_place;
using skipmax::transform_rows;
using support::tensor;

// A user's transform: adds to every element a number that is different in each row.
struct add_place {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const T> from, row_matrix<T> to,
                              index rows, index dim) const {
    using V = skipmax::simd<T, Isa>;
    for (index r = 0; r < rows; ++r) {
      const index number = 100 * (first.position + r) + 10 * first.head + first.batch;
      for (index x = 0; x < dim; x += skipmax::lanes<T, Isa>)
        (V::load_unaligned(from.data + r * from.stride + x) + V(static_cast<T>(number)))
            .store_aligned(to.data + r * to.stride + x);
    }
  }
};
static_assert(skipmax::row_transform<add_place>);

// Compares with the definition, row by row; tolerance is in units of rounding.
template <class T, class R>
void expect_defined(const R& transform, const tensor<T>& x, const tensor<T>& y, double tolerance) {
  const auto in = x.read(), out = y.read();
  for (index b = 0; b < in.batch; ++b)
    for (index l = 0; l < in.length; ++l)
      for (index h = 0; h < in.heads; ++h) {
        std::vector<double> row(in.row(b, l, h), in.row(b, l, h) + in.dim);
        skipmax::reference::transform_row<skipmax::native_isa>(transform, {b, h, l}, row);
        for (index i = 0; i < in.dim; ++i) {
          const double wanted = row[static_cast<std::size_t>(i)];
          const double found = static_cast<double>(out.row(b, l, h)[i]);
          ASSERT_TRUE(std::abs(found - wanted) <= tolerance * support::unit_roundoff<T>)
              << b << " " << l << " " << h << " " << i << ": " << found << ", wanted " << wanted;
        }
      }
}

template <class T, class R, class... Executor>
void check_layouts(const R& transform, index dim, index length, double tolerance,
                   Executor&&... executor) {
  for (std::size_t n = 0; n < support::layout_count; ++n) {
    tensor<T> x(2, length, 3, dim, support::layouts[n]);
    tensor<T> y(2, length, 3, dim, support::layouts[(3 * n + 1) % support::layout_count], T(-77));
    x.fill_uniform(n, -2, 2);
    const auto before = x.memory();
    transform_rows(transform, x.read(), y.view(), executor...);
    expect_defined(transform, x, y, tolerance);
    EXPECT_TRUE(y.guards_intact());
    EXPECT_TRUE(x.same_memory(before));
    tensor<T> place(2, length, 3, dim, support::layouts[n], T(-77));
    place.copy_from(x);
    transform_rows(transform, place.view(), place.view(), executor...);
    expect_defined(transform, x, place, tolerance);
    EXPECT_TRUE(place.guards_intact());
  }
}

// |y| is at most sqrt(dim) times a weight of 2, and its relative error as in layer_norm.cpp.
double of_norm(index dim) {
  const double n = std::sqrt(static_cast<double>(dim));
  return 2 * (1 + n) * (16 + n);
}

template <class T>
void check_norms() {
  for (index dim : support::dims<T>) {
    const support::learned<T> w(3, dim, 1, support::fence::after);
    check_layouts<T>(layer_norm<T>{w.vector()}, dim, 5, of_norm(dim));
    check_layouts<T>(rms_norm<T>{w.vector()}, dim, 19, of_norm(dim));
  }
}

TEST(transform_rows, norms_in_every_layout) {
  check_norms<float>();
  check_norms<double>();
}

TEST(transform_rows, a_transform_of_ones_own) {
  check_layouts<float>(add_place{}, 7, 301, 0x1p16);
  check_layouts<double>(add_place{}, 65, 33, 0x1p13);
}

TEST(transform_rows, nothing_to_do) {
  check_layouts<float>(skipmax::no_transform{}, 7, 5, 0);
}

TEST(transform_rows, several_workers) {
  skipmax::thread_pool pool(3);
  check_layouts<float>(add_place{}, 65, 501, 0x1p17, pool);
  check_layouts<float>(rms_norm<float>{}, 65, 501, of_norm(65), pool);
}

TEST(transform_rows, heads_together) {
  tensor<float> x(2, 9, 6, 20), y(2, 9, 1, 120);
  x.fill_uniform(1, -2, 2);
  const auto flat = skipmax::blhd(x.view().data, 2, 9, 1, 120);
  transform_rows(rms_norm<float>{}, flat, y.view());
  tensor<float> copy(2, 9, 1, 120);
  for (index b = 0; b < 2; ++b)
    for (index l = 0; l < 9; ++l)
      for (index i = 0; i < 120; ++i) copy.at(b, l, 0, i) = x.at(b, l, i / 20, i % 20);
  expect_defined(rms_norm<float>{}, copy, y, of_norm(120));
}

TEST(transform_rows, rows_longer_than_the_cache) {
  tensor<float> x(1, 3, 1, 10007), y(1, 3, 1, 10007);
  x.fill_uniform(1, -2, 3);
  transform_rows(layer_norm<float>{}, x.read(), y.view());
  expect_defined(layer_norm<float>{}, x, y, of_norm(10007));
}

TEST(transform_rows, empty_tensors) {
  transform_rows(layer_norm<float>{}, skipmax::blhd<const float>(nullptr, 0, 3, 4, 5),
                 skipmax::blhd<float>(nullptr, 0, 3, 4, 5));
  transform_rows(layer_norm<float>{}, skipmax::blhd<const float>(nullptr, 2, 3, 4, 0),
                 skipmax::blhd<float>(nullptr, 2, 3, 4, 0));
}

struct idle {
  int workers;

  int concurrency() const { return workers; }
  template <class F>
  void for_each_task(index, F) const {}
};

template <class R, class X, class Y>
std::string thrown(const R& transform, X x, Y y, int workers = 1) {
  try {
    transform_rows(transform, x, y, idle{workers});
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(transform_rows, what_it_says) {
  float x[64] = {}, y[64] = {};
  const rms_norm<float> norm{};
  const auto in = skipmax::blhd(x, 2, 3, 2, 4), out = skipmax::blhd(y, 2, 3, 2, 4);
  EXPECT_EQ(thrown(norm, in, out), "");
  EXPECT_EQ(thrown(norm, in, skipmax::blhd(y, 2, 3, 2, 5)),
            "skipmax: out: dim: found 5 in [2, 3, 2, 5], wanted 4, the dim of x");
  EXPECT_EQ(thrown(norm, in, skipmax::blhd(y, 2, 2, 2, 4)),
            "skipmax: out: length: found 2 in [2, 2, 2, 4], wanted 3, the length of x");
  EXPECT_EQ(thrown(norm, skipmax::blhd<float>(nullptr, 2, 3, 2, 4), out),
            "skipmax: x: data: found a null pointer, wanted [2, 3, 2, 4]");
  EXPECT_EQ(thrown(norm, in, skipmax::blhd(x + 1, 2, 3, 2, 4)),
            "skipmax: out: memory: found an overlap with x, wanted memory of its own: out is "
            "written while x is read");
  EXPECT_EQ(thrown(norm, in, skipmax::blhd(y, 2, 3, 2, 4, {12, 4, 4})),
            "skipmax: out: strides: found [12, 4, 4] for [2, 3, 2, 4], wanted strides that nest "
            "without overlap");
  EXPECT_EQ(thrown(rms_norm{head_vector<float>{x, 3}}, in, out),
            "skipmax: row rms_norm: weight: found [1, 3], wanted [1, 4] for all heads or [2, 4]");
  EXPECT_EQ(thrown(norm, in, out, 0),
            "skipmax: executor: concurrency: found 0, wanted 1 or more workers");
}

// Makes rows of ones show the key at which they stand: starts[b] + l for row l of sequence b.
struct times_own_key {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const T> from, row_matrix<T> to,
                              index rows, index dim) const {
    for (index r = 0; r < rows; ++r)
      for (index x = 0; x < dim; ++x)
        to.data[r * to.stride + x] =
            from.data[r * from.stride + x] * static_cast<T>(first.own_key + r);
  }
};

TEST(transform_rows, rows_stand_behind_their_starts) {
  index starts[] = {1000, 7};
  tensor<float> x(2, 5000, 1, 3), y(2, 5000, 1, 3);
  for (index b = 0; b < 2; ++b)
    for (index l = 0; l < 5000; ++l)
      for (index d = 0; d < 3; ++d) x.at(b, l, 0, d) = 1;
  const auto expect_from = [&](index first, index second) {
    for (index l = 0; l < 5000; ++l) {
      ASSERT_EQ(y.at(0, l, 0, 2), static_cast<float>(first + l));
      ASSERT_EQ(y.at(1, l, 0, 0), static_cast<float>(second + l));
    }
  };
  transform_rows(times_own_key{}, x.read(), y.view());
  expect_from(0, 0);
  transform_rows(times_own_key{}, x.read(), y.view(), starts);
  expect_from(1000, 7);
  skipmax::thread_pool pool(2);
  starts[0] = 3;
  transform_rows(times_own_key{}, x.read(), y.view(), starts, pool);
  expect_from(3, 7);
  starts[1] = -4;
  try {
    transform_rows(times_own_key{}, x.read(), y.view(), starts);
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "skipmax: transform_rows: starts[1]: found -4, wanted 0 to 2^62");
  }
  expect_from(3, 7);
}

}  // namespace
