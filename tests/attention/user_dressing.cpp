// Compares an attention whose every slot is written outside of the library, with its public header
// alone, with plain loops that know nothing of the library.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "skipmax/attention.hpp"

namespace mine {

using skipmax::problem;
using skipmax::row_place;
using skipmax::row_position;
using size = skipmax::index;

// A number in [-1, 1) for each n, the same for the slots and for the loops.
inline double number(long long n) {
  const auto mixed = static_cast<unsigned long long>(n + 11) * 0x9e3779b97f4a7c15u;
  return static_cast<double>((mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9u >> 11) * 0x1p-52 - 1;
}

// h(s) = s^2 where s > 0, else s / 4.
struct bent {
  template <class V>
  V value(V s) const {
    namespace math = skipmax::math;
    const V zero = math::constant<V>(0);
    return math::select(s > zero, s * s, s * math::constant<V>(0.25));
  }
};

struct clipped {
  double limit = 2;

  template <class V>
  V cap(V s) const {
    namespace math = skipmax::math;
    return math::max(math::min(s, math::constant<V>(limit)), math::constant<V>(-limit));
  }
};

// A band whose ends differ from row to row, and may lie outside of the keys there are.
inline size band_first(size head, size query) {
  return 3 * query - 20 + head;
}
inline size band_last(size query) {
  return 5 * query + 40;
}
inline bool is_shown(size head, size query, size key) {
  return (key + 2 * head + query) % 5 != 0 && query != 6;
}

// The band, with single keys of it hidden, and in row 6 all.
struct spotted_band {
  static constexpr bool hides_keys = true;

  skipmax::key_range visible(row_position at) const {
    return {band_first(at.head, at.query), band_last(at.query)};
  }
  template <class V>
  V bias(row_position at, size key) const {
    namespace math = skipmax::math;
    if constexpr (std::is_floating_point_v<V>) {
      return is_shown(at.head, at.query, key) ? V(0) : -std::numeric_limits<V>::infinity();
    } else {
      typename V::value_type lane[V::size];
      for (std::size_t i = 0; i < V::size; ++i)
        lane[i] = bias<typename V::value_type>(at, key + static_cast<size>(i));
      return math::load<V>(lane);
    }
  }
};

inline double pair_bias(size sequence, size head, size query, size key) {
  if ((query * 7 + key) % 11 == 4) return -std::numeric_limits<double>::infinity();
  return number(sequence * 1000003 + head * 10007 + query * 1009 + key);
}

struct scattered {
  static constexpr bool hides_keys = true;

  template <class V>
  V bias(row_position at, size key) const {
    if constexpr (std::is_floating_point_v<V>) {
      EXPECT_LT(key, at.key_length);  // only keys that exist are asked for
      return static_cast<V>(pair_bias(at.batch, at.head, at.query, key));
    } else {
      typename V::value_type lane[V::size];
      for (std::size_t i = 0; i < V::size; ++i)
        lane[i] = bias<typename V::value_type>(at, key + static_cast<size>(i));
      return skipmax::math::load<V>(lane);
    }
  }
};

// Rotary positions: pairs of elements turned by an angle that grows with the place in the tensor.
inline double angle(size position, size x) {
  return 0.1 * static_cast<double>(position) / static_cast<double>(x + 1);
}
struct rotary {
  template <class Isa, class T>
  void forward(row_place first, skipmax::row_matrix<const T> from, skipmax::row_matrix<T> to,
               size rows, size dim) const {
    for (size r = 0; r < rows; ++r) {
      const T* in = from.data + r * from.stride;
      T* out = to.data + r * to.stride;
      for (size x = 0; x < dim; x += 2) {
        const double a = angle(first.position + r, x);
        const T c = static_cast<T>(std::cos(a)), s = static_cast<T>(std::sin(a)), left = in[x];
        const T right = x + 1 < dim ? in[x + 1] : T(0);
        out[x] = c * left - s * right;
        if (x + 1 < dim) out[x + 1] = s * left + c * right;
      }
    }
  }
};

// q times 1 + half of the number of its head.
struct by_head {
  template <class Isa, class T>
  void forward(row_place first, skipmax::row_matrix<const T> from, skipmax::row_matrix<T> to,
               size rows, size dim) const {
    const T factor = static_cast<T>(1 + 0.5 * static_cast<double>(first.head));
    for (size r = 0; r < rows; ++r)
      for (size x = 0; x < dim; ++x)
        to.data[r * to.stride + x] = from.data[r * from.stride + x] * factor;
  }
  // called with the sizes of its own tensor
  void check(const problem&, size heads, size, skipmax::error_message& error) const {
    if (heads == 13) error << "row by_head: found 13 heads, wanted luck";
  }
};

// out plus one, so that a row of zeros would show.
struct plus_one {
  template <class Isa, class T>
  void forward(row_place, skipmax::row_matrix<const T> from, skipmax::row_matrix<T> to, size rows,
               size dim) const {
    for (size r = 0; r < rows; ++r)
      for (size x = 0; x < dim; ++x)
        to.data[r * to.stride + x] = from.data[r * from.stride + x] + T(1);
  }
};

// A gate whose g is no tensor_view.
inline double opening(size position, size head) {
  return 0.5 + 0.25 * static_cast<double>((position + head) % 3);
}
struct door {
  static constexpr bool is_gate = true;
  double g = 1;

  template <class Isa, class T>
  void forward(row_place first, skipmax::row_matrix<const T> from, skipmax::row_matrix<T> to,
               size rows, size dim) const {
    for (size r = 0; r < rows; ++r)
      for (size x = 0; x < dim; ++x)
        to.data[r * to.stride + x] = from.data[r * from.stride + x] *
                                     static_cast<T>(g * opening(first.position + r, first.head));
  }
};

struct root_of_visible {
  double length(row_position at, size visible, size) const {
    return std::sqrt(static_cast<double>(visible)) + static_cast<double>(at.query);
  }
};

// A normalizer: every row halved, whatever it sees.
struct half {
  static constexpr bool pointwise = true;
  double finish(double) const { return 0.5; }
};

}  // namespace mine

namespace {

using mine::size;

enum class weighing { by_root_of_visible, halved, softmax };

// Where one sequence lies in the tensors, and how long it is.
struct ragged {
  size number, batch, first_query, first_key, queries, keys;
};

template <class T>
struct call {
  size batch, queries, keys, heads, kv_heads, dim, value_dim;
  std::vector<T> q, k, v, out;

  call(size b, size lq, size lk, size h, size hk, size d, size dv)
      : batch(b), queries(lq), keys(lk), heads(h), kv_heads(hk), dim(d), value_dim(dv) {
    fill(q, b * lq * h * d, 1), fill(k, b * lk * hk * d, 2), fill(v, b * lk * hk * dv, 3);
    out.assign(static_cast<std::size_t>(b * lq * h * dv), std::numeric_limits<T>::quiet_NaN());
  }
  static void fill(std::vector<T>& x, size count, long long seed) {
    for (size n = 0; n < count; ++n) x.push_back(static_cast<T>(mine::number(seed << 32 | n)));
  }
  auto views() const {
    struct {
      skipmax::tensor_view<const T> q, k, v;
    } views{skipmax::blhd(q.data(), batch, queries, heads, dim),
            skipmax::blhd(k.data(), batch, keys, kv_heads, dim),
            skipmax::blhd(v.data(), batch, keys, kv_heads, value_dim)};
    return views;
  }
};

template <class T>
std::vector<double> rotated(const T* row, size dim, size position) {
  std::vector<double> y;
  for (size x = 0; x < dim; x += 2) {
    const double a = mine::angle(position, x), left = static_cast<double>(row[x]);
    const double right = x + 1 < dim ? static_cast<double>(row[x + 1]) : 0;
    y.push_back(std::cos(a) * left - std::sin(a) * right);
    if (x + 1 < dim) y.push_back(std::sin(a) * left + std::cos(a) * right);
  }
  return y;
}

// The formulas once more.
template <class T>
std::vector<double> wanted_row(const call<T>& c, const ragged& s, size head, size i, weighing how) {
  const auto views = c.views();
  const size kv = head / (c.heads / c.kv_heads), place = s.first_query + i;
  std::vector<double> q, out(static_cast<std::size_t>(c.value_dim), 0);
  for (size x = 0; x < c.dim; ++x)
    q.push_back(static_cast<double>(views.q.row(s.batch, place, head)[x]) *
                (1 + 0.5 * static_cast<double>(head)));
  std::vector<double> weight;
  std::vector<size> seen;
  for (size j = 0; j < s.keys; ++j) {
    if (j < mine::band_first(head, i) || j >= mine::band_last(i)) continue;
    const double bias = mine::pair_bias(s.number, head, i, j);
    if (!mine::is_shown(head, i, j) || bias == -INFINITY) continue;
    const auto k = rotated(views.k.row(s.batch, s.first_key + j, kv), c.dim, s.first_key + j);
    double score = 0;
    for (size x = 0; x < c.dim; ++x) {
      const auto n = static_cast<std::size_t>(x);
      score += q[n] * k[n];
    }
    score = std::min(std::max(score * 0.75, -2.), 2.) + bias;
    weight.push_back(score > 0 ? score * score : score / 4);
    seen.push_back(j);
  }
  if (seen.empty()) return out;
  double factor = 0.5;
  if (how == weighing::by_root_of_visible)
    factor = 1 / (std::sqrt(static_cast<double>(seen.size())) + static_cast<double>(i));
  if (how == weighing::softmax) {
    double sum = 0;
    for (double& w : weight) sum += w = std::exp(w);
    factor = 1 / sum;
  }
  for (std::size_t n = 0; n < seen.size(); ++n)
    for (size x = 0; x < c.value_dim; ++x)
      out[static_cast<std::size_t>(x)] +=
          weight[n] * static_cast<double>(views.v.row(s.batch, s.first_key + seen[n], kv)[x]);
  for (double& y : out) y = (y * factor + 1) * 3 * mine::opening(place, head);
  return out;
}

template <class T, class Attention>
void check(const Attention& a, call<T>& c, const std::vector<ragged>& sequences, weighing how) {
  const auto views = c.views();
  const auto out = skipmax::blhd(c.out.data(), c.batch, c.queries, c.heads, c.value_dim);
  a.forward(views.q, views.k, views.v, out);
  const double tolerance = (sizeof(T) == 4 ? 1e-5 : 1e-13) * (how == weighing::halved ? 100 : 10);
  for (const ragged& s : sequences)
    for (size h = 0; h < c.heads; ++h)
      for (size i = 0; i < s.queries; ++i) {
        const auto wanted = wanted_row(c, s, h, i, how);
        const T* found = out.row(s.batch, s.first_query + i, h);
        for (size x = 0; x < c.value_dim; ++x) {
          const double y = static_cast<double>(found[x]), w = wanted[static_cast<std::size_t>(x)];
          ASSERT_TRUE(w == 0 ? y == 0 : std::abs(y - w) <= tolerance)
              << "sequence " << s.number << ", head " << h << ", query " << i << ", " << x
              << ": found " << y << ", wanted " << w;
        }
      }
}

const auto dressed = skipmax::attention<mine::bent>{}
                         .with(mine::spotted_band{})
                         .with(mine::clipped{})
                         .with(mine::scattered{})
                         .with(skipmax::scale{0.75})
                         .with(skipmax::on_q{mine::by_head{}})
                         .with(skipmax::on_k{mine::rotary{}})
                         .with(skipmax::on_out{mine::plus_one{}})
                         .with(mine::door{3});

template <class T, class Attention>
void check_shapes(const Attention& a, weighing how) {
  const size shapes[][7] = {{2, 23, 70, 4, 2, 8, 32},   {1, 9, 21, 1, 1, 5, 19},
                            {1, 40, 300, 2, 1, 64, 64}, {1, 150, 523, 1, 1, 17, 33},
                            {3, 1, 1, 2, 2, 2, 1},      {1, 30, 3, 2, 1, 16, 16}};
  for (const auto& n : shapes) {
    SCOPED_TRACE("queries " + std::to_string(n[1]) + ", keys " + std::to_string(n[2]));
    call<T> c(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
    std::vector<ragged> sequences;
    for (size b = 0; b < n[0]; ++b) sequences.push_back({b, b, 0, 0, n[1], n[2]});
    check(a, c, sequences, how);
  }
  call<T> c(1, 60, 700, 2, 1, 12, 24);
  const size offsets[] = {0, 7, 7, 40, 60}, of_keys[] = {0, 90, 90, 690, 700};
  std::vector<ragged> sequences;
  for (size s = 0; s < 4; ++s)
    sequences.push_back(
        {s, 0, offsets[s], of_keys[s], offsets[s + 1] - offsets[s], of_keys[s + 1] - of_keys[s]});
  SCOPED_TRACE("ragged");
  check(a.with(skipmax::segments{offsets, 4, of_keys}), c, sequences, how);
}

TEST(user_dressing, divided) {
  const auto a = dressed.with(skipmax::by_length{1, mine::root_of_visible{}});
  check_shapes<float>(a, weighing::by_root_of_visible);
  check_shapes<double>(a, weighing::by_root_of_visible);
}
TEST(user_dressing, normalizer) {
  check_shapes<float>(dressed.with(mine::half{}), weighing::halved);
}
TEST(user_dressing, softmax) {
  check_shapes<float>(dressed, weighing::softmax);
}

TEST(user_dressing, a_transform_may_complain) {
  call<float> c(1, 2, 3, 13, 1, 4, 4);
  const auto views = c.views();
  try {
    dressed.forward(views.q, views.k, views.v, skipmax::blhd(c.out.data(), 1, 2, 13, 4));
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "skipmax: on_q: row by_head: found 13 heads, wanted luck");
  }
}

}  // namespace
