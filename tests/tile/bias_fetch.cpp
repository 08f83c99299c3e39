// A bias with fetch() is asked to prefetch each number of every row block but the first exactly
// once. With too few keys for a panel, or without a dim, scores take no steps to do so beside.
#include <vector>

#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// Counts how often each pair is asked for; its bias is zero.
struct recording_bias {
  std::vector<int>* asked;  // [query length, key length]

  template <class V>
  SKIPMAX_INLINE V bias(row_position, index) const {
    return math::constant<V>(0);
  }
  void fetch(row_position at, index key, index keys) const {
    ASSERT_GE(key, 0);
    ASSERT_LT(at.query, at.query_length);
    ASSERT_LE(key + keys, at.key_length);
    for (index j = key; j < key + keys; ++j)
      ++(*asked)[static_cast<std::size_t>(at.query * at.key_length + j)];
  }
};

void check(index keys, index dim) {
  constexpr index MR = tile_layout<float, native_isa>::rows;
  const problem p{1, 3 * MR + 1, keys, 1, 1, dim, 8};
  SCOPED_TRACE(support::text(p));
  support::operands<float> x(p);
  std::vector<int> asked(static_cast<std::size_t>(p.query_length * keys), 0);
  const auto f = relu_attention{}.with(recording_bias{&asked});
  f.forward(x.q.read(), x.k.read(), x.v.read(), x.out.view());
  for (index i = 0; i < p.query_length; ++i)
    for (index j = 0; j < keys; ++j)
      ASSERT_EQ(asked[static_cast<std::size_t>(i * keys + j)], i < MR || dim == 0 ? 0 : 1)
          << "query " << i << ", key " << j;
}

TEST(bias_fetch, asks_once_for_every_later_row) {
  for (index dim : {0, 1, 8, 16, 32, 64, 72, 128})
    for (index keys : {16, 32, 49, 65, 96, 144, 196, 256, 257, 300, 600}) check(keys, dim);
}

}  // namespace
