// The shipped masks by their own types, and chains of them, over many shapes.
#include "skipmax/attention.hpp"
#include "support/check.hpp"
#include "support/every_slot.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace skipmax;

template <class T, class Attention, class MakeMask>
void check_shapes(const Attention& a, std::uint64_t first, const MakeMask& make) {
  for (std::uint64_t n = first; n < first + (support::sanitized ? 16 : 40); ++n) {
    const problem p = support::nth_shape(n);
    const support::slot_data data = support::make_slot_data(p, n);
    const auto mask = make(key_lengths{data.lengths.data(), p.batch});
    support::operands<T> x(p, n, support::mixed_layouts(n));
    support::spoil_unseen_keys(x, mask);
    support::check_against_reference(a.with(mask), x);
  }
}

const auto none = [](key_lengths) { return no_mask{}; };
const auto diagonal = [](key_lengths) { return causal{}; };
const auto padded = [](key_lengths lengths) { return lengths; };
const auto padded_diagonal = [](key_lengths lengths) { return both{lengths, causal{}}; };
const auto diagonal_padded = [](key_lengths lengths) { return both{causal{}, lengths}; };

TEST(masks, relu_float) {
  check_shapes<float>(relu_attention{}, 100, none);
  check_shapes<float>(relu_attention{}, 200, diagonal);
  check_shapes<float>(relu_attention{}, 300, padded);
  check_shapes<float>(relu_attention{}, 400, padded_diagonal);
  check_shapes<float>(relu_attention{}, 500, diagonal_padded);
}

TEST(masks, softmax_float) {
  check_shapes<float>(softmax_attention{}, 600, none);
  check_shapes<float>(softmax_attention{}, 700, diagonal);
  check_shapes<float>(softmax_attention{}, 800, padded);
  check_shapes<float>(softmax_attention{}, 900, padded_diagonal);
}

TEST(masks, sigmoid_double) {
  check_shapes<double>(sigmoid_attention{}, 1000, none);
  check_shapes<double>(sigmoid_attention{}, 1100, diagonal);
  check_shapes<double>(sigmoid_attention{}, 1200, padded);
  check_shapes<double>(sigmoid_attention{}, 1300, padded_diagonal);
}

TEST(masks, softmax_double) {
  check_shapes<double>(softmax_attention{}, 1400, diagonal);
  check_shapes<double>(softmax_attention{}, 1500, padded_diagonal);
}

}  // namespace
