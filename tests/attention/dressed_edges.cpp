// Attentions with awkward masks and biases against the reference, over more than one key tile:
// tiles and rows without a key, first tiles hidden, biases of infinity and NaN.
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "support/any_dressing.hpp"
#include "support/check.hpp"
#include "support/executors.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr index key_lengths_of_tiles[] = {257, 289, 521, 600};

// A mask, a bias, a norm of out and a gate, chosen at run time; leaving some out keeps the type.
template <class Plain>
using dressed = attention<
    decltype(Plain::score), decltype(Plain::normalizer), support::any_mask_of, no_cap,
    support::any_bias_of<float>,
    row_slots<no_transform, no_transform, support::any_transform<float>, support::any_gate<float>>>;
template <class Plain>
using dressed_double =
    attention<decltype(Plain::score), decltype(Plain::normalizer), support::any_mask_of, no_cap,
              support::any_bias_of<double>,
              row_slots<no_transform, no_transform, support::any_transform<double>,
                        support::any_gate<double>>>;

// Every element must match the definition: 0 in a row that sees no key, NaN or infinity where the
// definition has it, else within a share of the larger of 1 and the row's largest element. A score
// as large as `high` is rounded by that much more, which softmax turns into a factor.
template <class T, class Attention>
void check(const Attention& a, support::operands<T>& x, double high = 0) {
  const double u = std::numeric_limits<T>::epsilon() / 2;
  const double share = (sizeof(T) == 4 ? 2e-5 : 1e-13) + 4 * u * high;
  const problem& p = x.sizes;
  std::vector<double> memory(
      static_cast<std::size_t>(p.batch * p.query_length * p.heads * p.value_dim));
  const auto wanted = blhd(memory.data(), p.batch, p.query_length, p.heads, p.value_dim);
  reference::forward(a, x.q.read(), x.k.read(), x.v.read(), wanted);
  support::run(a, x);
  const index sequences = a.segments.given() ? a.segments.count : p.batch;
  for (index s = 0; s < sequences; ++s)
    for (index h = 0; h < p.heads; ++h) {
      const auto of = [&](index i) {
        return reference::position_of<native_isa>(a, x.q.read(), x.k.read(), s, h, i);
      };
      for (index i = 0; i < of(0).query_length; ++i) {
        const auto place = reference::place_of_query<native_isa>(a, of(i));
        const bool empty = reference::keys_of(a, of(i)).empty();
        const double* row = wanted.row(place.batch, place.position, h);
        double largest = 1;
        for (index d = 0; d < p.value_dim; ++d) largest = std::max(largest, std::abs(row[d]));
        for (index d = 0; d < p.value_dim; ++d) {
          const double found = static_cast<double>(x.out.at(place.batch, place.position, h, d));
          const bool right = std::isnan(row[d])   ? std::isnan(found)
                             : empty              ? found == 0
                             : std::isinf(row[d]) ? found == row[d]
                                                  : std::abs(found - row[d]) <= share * largest;
          ASSERT_TRUE(right) << support::text(p) << ", sequence " << s << ", head " << h
                             << ", query " << i << ", " << d << ": found " << found << ", wanted "
                             << row[d] << (empty ? ", sees no key" : "");
        }
      }
    }
  EXPECT_TRUE(x.guards_intact());
}

// The numbers of a mask or a bias for all pairs of a query row and a key.
template <class T>
struct pairs {
  index batch, heads, queries, keys;
  std::vector<T> of;

  pairs(index b, index h, index lq, index lk, const std::function<T(index, index, index)>& at)
      : batch(b), heads(h), queries(lq), keys(lk) {
    for (index n = 0; n < b * h; ++n)
      for (index i = 0; i < lq; ++i)
        for (index j = 0; j < lk; ++j) of.push_back(at(n, i, j));
  }
  dense_mask<> mask() const requires(sizeof(T) == 1) {
    return {of.data(), batch, heads, queries, keys};
  }
  dense_bias<T> bias() const { return {of.data(), batch, heads, queries, keys}; }
};

// The keys that a row does not see.
const struct {
  const char* name;
  bool (*hides)(index row, index key, index keys);
} patterns[] = {
    {"none", [](index, index, index) { return false; }},
    {"all", [](index, index, index) { return true; }},
    {"every third", [](index i, index j, index) { return (i + j) % 3 == 0; }},
    {"a whole tile", [](index, index j, index) { return j < 256; }},
    {"the second tile", [](index, index j, index) { return j >= 256 && j < 512; }},
    {"the first tile, of some rows", [](index i, index j, index) { return i % 3 == 1 && j < 256; }},
    {"the first panel", [](index i, index j, index) { return j < 32 + i; }},
    {"all but the last", [](index, index j, index n) { return j < n - 1; }},
    {"all but the first", [](index, index j, index) { return j > 0; }},
    {"all of some rows", [](index i, index, index) { return i % 4 == 2; }},
    {"all but one of each row", [](index i, index j, index n) { return j != (i * 97 + 250) % n; }},
};

template <class T, template <class> class Dressed, class Plain>
void check_patterns(const Plain& plain) {
  const T infinity = std::numeric_limits<T>::infinity();
  for (index keys : key_lengths_of_tiles) {
    if (support::sanitized && (keys == 289 || keys == 521)) continue;
    const problem p{1, support::sanitized ? 7 : 19, keys, 2, 1, 8, 20};
    support::operands<T> x(p, 3);
    std::vector<T> shift(20, T(0.75));
    support::tensor<T> g(1, p.query_length, 2, 20);
    int number = 0;
    for (const auto& pattern : patterns) {
      if (support::sanitized && (number++ + keys) % 2 == 0) continue;
      SCOPED_TRACE(pattern.name);
      const pairs<std::uint8_t> flags(1, 1, p.query_length, keys, [&](index, index i, index j) {
        return static_cast<std::uint8_t>(pattern.hides(i, j, keys) ? 0 : 3);
      });
      const pairs<T> hiding(1, 2, p.query_length, keys, [&](index h, index i, index j) {
        return pattern.hides(i, j, keys)
                   ? -infinity
                   : static_cast<T>(support::uniform(
                         5, static_cast<std::uint64_t>(h * 7919 + i * keys + j), -1, 1));
      });
      // what a mask hides may have any bias
      const pairs<T> junk(1, 2, p.query_length, keys, [&](index h, index i, index j) {
        return pattern.hides(i, j, keys)
                   ? (j % 3 == 0   ? T(NAN)
                      : j % 3 == 1 ? infinity
                                   : -infinity)
                   : static_cast<T>(support::uniform(
                         6, static_cast<std::uint64_t>(h * 7919 + i * keys + j), -1, 1));
      });
      Dressed<Plain> a{plain.score, plain.normalizer};
      const auto each = [&](const char* what) {
        SCOPED_TRACE(what);
        check(a, x);
        // A row that sees nothing is zeros, whatever comes after.
        auto b = a;
        b.rows.out = {layer_norm<T>{{}, {shift.data(), 20}, 0.05}};
        g.fill(T(NAN));
        for (index i = 0; i < p.query_length; ++i)
          for (index h = 0; h < 2; ++h)
            if (!reference::keys_of(a, row_position{0, h, i, p.query_length, keys}).empty())
              for (index d = 0; d < 20; ++d) g.at(0, i, h, d) = T(0.5) + static_cast<T>(d % 3);
        b.rows.gate = {{gate<T, silu>{g.read(), {}}}};
        check(b, x);
      };
      a.mask = {flags.mask()};
      each("mask");
      a.bias = {junk.bias()};
      each("mask over a bias");
      a.mask = {no_mask{}}, a.bias = {hiding.bias()};
      each("bias");
      a.mask = {causal{}};
      each("bias under causal");
      a.mask = {sliding_window{100, 7}};
      each("bias in a window");
    }
  }
}

TEST(dressed_edges, hidden_tiles_relu) {
  check_patterns<float, dressed>(relu_attention{});
}
TEST(dressed_edges, hidden_tiles_softmax) {
  check_patterns<float, dressed>(softmax_attention{});
}
TEST(dressed_edges, hidden_tiles_unnormalized) {
  check_patterns<float, dressed>(attention<silu, unnormalized>{});
}
TEST(dressed_edges, hidden_tiles_softmax_double) {
  check_patterns<double, dressed_double>(softmax_attention{});
}

// Biases far from any score, in the first and in later tiles.
template <class T, template <class> class Dressed, class Plain>
void check_values(const Plain& plain) {
  const problem p{1, 17, 600, 2, 1, 8, 16};
  support::operands<T> x(p, 9);
  const T infinity = std::numeric_limits<T>::infinity();
  const T values[] = {T(1e30), T(-1e30), T(NAN), infinity, T(1e4), T(-1e4), T(100), T(-100)};
  for (const T value : values)
    for (int where = 0; where < 7; where += support::sanitized ? 2 : 1) {
      const auto has = [&](index i, index j) {
        switch (where) {
          case 0:
            return i == 5 && j == 0;
          case 1:
            return i == 5 && j == 300;
          case 2:
            return i % 4 == 1 && j == 599;
          case 3:
            return j == 20;
          case 4:
            return i == 16 && j >= 256;
          case 5:
            return i == 3;
          default:
            return i % 2 == 0 && j < 256;
        }
      };
      const pairs<T> numbers(1, 2, p.query_length, p.key_length, [&](index h, index i, index j) {
        return h == 1 && has(i, j) ? value : T(0);
      });
      SCOPED_TRACE(std::to_string(static_cast<double>(value)) + " at " + std::to_string(where));
      // with a larger bias all scores round to the bias
      const double high = std::abs(value) <= T(1e4) ? static_cast<double>(std::abs(value)) : 0;
      Dressed<Plain> a{plain.score, plain.normalizer};
      a.bias = {numbers.bias()};
      check(a, x, high);
      a.mask = {causal{}};
      check(a, x, high);
    }
}

TEST(dressed_edges, huge_biases_softmax) {
  check_values<float, dressed>(softmax_attention{});
}
TEST(dressed_edges, huge_biases_softmax_double) {
  check_values<double, dressed_double>(softmax_attention{});
}
TEST(dressed_edges, huge_biases_silu) {
  check_values<float, dressed>(attention<silu, unnormalized>{});
}

// The lowest float, which many use for -infinity, gives no weight; a row of nothing else is zeros.
TEST(dressed_edges, lowest_bias_softmax) {
  const problem p{1, 17, 600, 1, 1, 8, 16};
  support::operands<float> x(p, 9);
  dressed<softmax_attention> a{};
  for (const bool all : {false, true}) {
    const pairs<float> numbers(1, 1, 17, 600, [&](index, index i, index j) {
      return (all && i == 3) || (i + j / 200) % 2 == 1 ? std::numeric_limits<float>::lowest() : 0.f;
    });
    a.bias = {numbers.bias()};
    if (!all) {
      check(a, x);
      continue;
    }
    support::run(a, x);
    for (index d = 0; d < 16; ++d) EXPECT_EQ(x.out.at(0, 3, 0, d), 0);
  }
}

// More queries than keys, grouped heads with a bias each, lengths and a diagonal of every kind.
template <class T, template <class> class Dressed, class Plain>
void check_lengths(const Plain& plain) {
  const index shapes[][2] = {{40, 9}, {300, 257}, {23, 521}, {9, 9}, {1, 600}, {70, 1}};
  for (const auto& [queries, keys] : shapes) {
    if (support::sanitized && queries * keys > 20000) continue;
    const problem p{2, queries, keys, 4, 2, 8, 24};
    support::operands<T> x(p, 4);
    support::dressing<T> dress(p, p, 21);
    dress.lengths = {keys, keys / 2};
    for (int bias = 0; bias < support::dressing<T>::bias_kinds; bias += support::sanitized ? 3 : 1)
      for (int mask = 0; mask < support::dressing<T>::mask_kinds; ++mask) {
        SCOPED_TRACE("mask " + std::to_string(mask) + ", bias " + std::to_string(bias));
        Dressed<Plain> a{plain.score, plain.normalizer};
        a.mask = dress.mask(mask), a.bias = dress.bias(bias);
        check(a, x);
      }
    for (const index first : {keys, index{0}}) {  // a sequence without a key
      dress.lengths = {first, keys - first};
      Dressed<Plain> a{plain.score, plain.normalizer};
      a.mask = dress.mask(5), a.bias = dress.bias(2);
      check(a, x);
    }
  }
}

TEST(dressed_edges, lengths_relu) {
  check_lengths<float, dressed>(relu_attention{});
}
TEST(dressed_edges, lengths_softmax) {
  check_lengths<float, dressed>(softmax_attention{});
}

// Ragged sequences: some without rows, without keys or both, or only one; three workers give the
// same bits.
template <class T, template <class> class Dressed, class Plain>
void check_ragged(const Plain& plain) {
  struct ragged {
    std::vector<index> queries, keys;
  };
  const ragged of[] = {{{0, 300}, {0, 600}},
                       {{0, 0, 13, 13, 300}, {0, 70, 70, 70, 600}},
                       {{0, 100, 200, 300}, {0, 0, 600, 600}},
                       {{0, 1, 300}, {0, 599, 600}},
                       {{0, 300, 300}, {0, 0, 600}},
                       {{0, 17, 34, 290, 300}, {0, 256, 257, 514, 600}}};
  for (const ragged& r : of) {
    if (support::sanitized && r.keys.size() == 3) continue;
    const problem p{1, 300, 600, 2, 1, 8, 20};
    problem seen = p;
    seen.batch = static_cast<index>(r.queries.size()) - 1, seen.query_length = seen.key_length = 0;
    for (std::size_t s = 1; s < r.queries.size(); ++s) {
      seen.query_length = std::max(seen.query_length, r.queries[s] - r.queries[s - 1]);
      seen.key_length = std::max(seen.key_length, r.keys[s] - r.keys[s - 1]);
    }
    support::dressing<T> dress(p, seen, 31);
    for (int mask : {6, 1, 5, 0}) {
      if (support::sanitized && mask == 5) break;
      SCOPED_TRACE(std::to_string(seen.batch) + " sequences, mask " + std::to_string(mask));
      Dressed<Plain> a{plain.score, plain.normalizer};
      a.mask = dress.mask(mask), a.bias = dress.bias(mask == 1 ? 3 : 0);
      a.rows.out = dress.norm(1, 2, 20), a.rows.gate = dress.gate(1);
      a.segments = {r.queries.data(), seen.batch, r.keys.data()};
      support::operands<T> x(p, 5), other(p, 5);
      check(a, x);
      const thread_pool pool(3);
      support::run(a, other, pool);
      EXPECT_TRUE(support::same_bits(x.out.read(), other.out.read()));
      support::run(a, other, support::shuffled{3, 5});
      EXPECT_TRUE(support::same_bits(x.out.read(), other.out.read()));
    }
  }
}

TEST(dressed_edges, ragged_relu) {
  check_ragged<float, dressed>(relu_attention{});
}
TEST(dressed_edges, ragged_softmax) {
  check_ragged<float, dressed>(softmax_attention{});
}

// No rows, no keys, no sequences: nothing is written, or zeros; null pointers will do.
TEST(dressed_edges, ragged_and_empty) {
  const index none[] = {0, 0, 0, 0}, some[] = {0, 2, 2, 5};
  dressed<relu_attention> a{};
  std::vector<float> shift(4, 1), out(5 * 2 * 4, 7), q(5 * 2 * 3, 1);
  a.rows.out = {layer_norm<float>{{}, {shift.data(), 4}, 0.05}};
  const auto no_keys = [](index dim) { return lhd<const float>(nullptr, 0, 1, dim); };
  const auto call = [&](const segments& s, tensor_view<const float> queries,
                        tensor_view<float> to) {
    a.segments = s;
    a.forward(queries, no_keys(3), no_keys(4), to);
  };
  call({none, 0, none}, lhd<const float>(nullptr, 0, 2, 3), lhd<float>(nullptr, 0, 2, 4));
  call({none, 3, none}, lhd<const float>(nullptr, 0, 2, 3), lhd<float>(nullptr, 0, 2, 4));
  call({some, 3, none}, lhd<const float>(q.data(), 5, 2, 3), lhd(out.data(), 5, 2, 4));
  EXPECT_EQ(out, std::vector<float>(40, 0));
  a.segments = {none, 3, some};  // keys without a query
  a.forward(lhd<const float>(nullptr, 0, 2, 3), lhd<const float>(q.data(), 5, 2, 3),
            lhd<const float>(q.data(), 5, 2, 4), lhd<float>(nullptr, 0, 2, 4));
}

}  // namespace
