// One attention over tensors stored in 16 bits, each in a type of its own: its error, the memory around
// them, NaN, infinity and denormals.
#pragma once

#include "skipmax/attention.hpp"
#include "support/any_dressing.hpp"
#include "support/bits.hpp"
#include "support/every_slot.hpp"
#include "support/plain_half.hpp"

namespace support {

// As many shapes as there are combinations of odd sizes and layouts worth it; make(data) is the mask.
template <class Q, class K, class V, class Out, class Attention, class MakeMask>
void check_half(const Attention& a, std::uint64_t first, const MakeMask& make) {
  half_errors errors;
  for (std::uint64_t n = first; n < first + (sanitized ? 8 : 30); ++n) {
    const problem p = nth_shape(n);
    const slot_data data = make_slot_data(p, n);
    const auto mask = make(skipmax::key_lengths{data.lengths.data(), p.batch});
    operands<Q, K, V, Out> x(p, n, mixed_layouts(n));
    spoil_unseen_keys(x, mask);
    errors.add(a.with(mask), x);
  }
  errors.expect_at_most_twice();
}

// NaN in one row of q reaches that row of out and no other; infinity in a value that all rows see
// reaches its column; a key of NaN reaches all rows.
template <class Q, class K, class V, class Out, class Attention>
void check_special_numbers(const Attention& a) {
  const problem p{1, 16, 37, 2, 1, 9, 19};
  const auto is_nan = [](Out x) { return std::isnan(static_cast<float>(x)); };
  operands<Q, K, V, Out> x(p);
  x.q.at(0, 4, 1, 8) = number<Q>(NAN);
  run(a, x);
  for (index i = 0; i < p.query_length; ++i)
    for (index h = 0; h < p.heads; ++h)
      for (index d = 0; d < p.value_dim; ++d)
        ASSERT_EQ(is_nan(x.out.at(0, i, h, d)), i == 4 && h == 1) << i << ", " << h;

  operands<Q, K, V, Out> y(p);
  for (index d = 0; d < p.key_dim; ++d) y.k.at(0, 36, 0, d) = number<K>(NAN);
  run(a, y);
  for (index i = 0; i < p.query_length; ++i) ASSERT_TRUE(is_nan(y.out.at(0, i, 0, 18)));

  operands<Q, K, V, Out> z(p);
  z.q.fill(number<Q>(1));
  z.k.fill(number<K>(1));
  z.v.at(0, 35, 0, 3) = number<V>(-INFINITY);
  run(a, z);
  for (index i = 0; i < p.query_length; ++i)
    for (index d = 0; d < p.value_dim; ++d)
      ASSERT_EQ(static_cast<float>(z.out.at(0, i, 1, d)) == -INFINITY, d == 3) << i;
}

// One key of score 0 has the weight 1: its value is the result, every finite number whose size is 0 or at
// least `least`.
template <class T, class Out, class Attention>
void check_copies(const Attention& a, double least) {
  const problem p{1, 1, 1, 1, 1, 5, 0x10000};
  operands<T, T, T, Out> x(p);
  const auto value = [](index bits) {
    T v;
    v.bits = static_cast<std::uint16_t>(bits);
    return std::isfinite(static_cast<float>(v)) ? v : number<T>(1);
  };
  for (index d = 0; d < p.value_dim; ++d) x.v.at(0, 0, 0, d) = value(d);
  x.q.fill(number<T>(0));
  run(a, x);
  for (index d = 0; d < p.value_dim; ++d) {
    const auto wanted = static_cast<float>(value(d));
    if (std::abs(wanted) < least) continue;
    ASSERT_EQ(static_cast<float>(x.out.at(0, 0, 0, d)), wanted);
  }
}

template <class Q, class K, class V, class Out, class Attention>
void check_masks_of_any_kind(const Attention& a, std::uint64_t first) {
  half_errors errors;
  for (std::uint64_t n = first; n < first + (sanitized ? 8 : 24); ++n) {
    const problem p = nth_shape(n);
    dressing<float> d(p, p, n);
    const any_mask_of mask = d.mask(static_cast<int>(n % dressing<float>::mask_kinds));
    operands<Q, K, V, Out> x(p, n, mixed_layouts(n));
    errors.add(a.with(mask), x);
  }
  errors.expect_at_most_twice();
}

inline constexpr auto no_mask_at_all = [](skipmax::key_lengths) { return skipmax::no_mask{}; };
inline constexpr auto diagonal = [](skipmax::key_lengths) { return skipmax::causal{}; };
inline constexpr auto padded = [](skipmax::key_lengths lengths) { return lengths; };

}  // namespace support
