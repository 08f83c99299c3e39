// Compares one score function, and perhaps a cap, with the reference: with every normalizer,
// divisor, alpha and mask, over a few shapes each.
#pragma once

#include <string>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/any_slot.hpp"
#include "support/check.hpp"
#include "support/sanitized.hpp"
#include "support/shapes.hpp"

namespace support {

// Numbers that a mask or a divisor may point to, for one problem.
struct slot_data {
  std::vector<index> lengths;    // [batch], from 0 to the key length
  std::vector<double> divisors;  // [batch, query length]
};

inline slot_data make_slot_data(const problem& p, std::uint64_t seed) {
  slot_data data;
  for (index b = 0; b < p.batch; ++b) {
    const auto n = static_cast<std::uint64_t>(b);
    data.lengths.push_back(
        whole(seed, n, 0, 9) == 0 ? 0 : whole(seed + 1, n, 0, static_cast<int>(p.key_length)));
  }
  // for one sequence at least: a divisor shared by all exists even if there is no sequence
  for (index n = 0; n < (p.batch > 1 ? p.batch : 1) * p.query_length; ++n)
    data.divisors.push_back(uniform(seed, static_cast<std::uint64_t>(n), 0.5, 50));
  return data;
}

inline constexpr int mask_kinds = 4;
inline constexpr int divisor_kinds = 5;

inline any_mask nth_mask(int kind, const slot_data& data) {
  const skipmax::key_lengths lengths{data.lengths.data(), static_cast<index>(data.lengths.size())};
  switch (kind) {
    case 0:
      return {skipmax::no_mask{}};
    case 1:
      return {skipmax::causal{}};
    case 2:
      return {lengths};
    default:
      return {skipmax::both{lengths, skipmax::causal{}}};
  }
}

inline any_divisor nth_divisor(int kind, const problem& p, const slot_data& data) {
  switch (kind) {
    case 0:
      return {skipmax::visible_keys{}};
    case 1:
      return {skipmax::all_keys{}};
    case 2:
      return {skipmax::fixed_number{100}};
    case 3:
      return {skipmax::per_row{data.divisors.data(), 1, p.query_length}};
    default:
      return {skipmax::per_row{data.divisors.data(), p.batch, p.query_length}};
  }
}

// Keys that no row of their sequence sees hold NaN: reading them is forbidden.
template <class Q, class K, class V, class Out, class Mask>
void spoil_unseen_keys(operands<Q, K, V, Out>& x, const Mask& mask) {
  const problem& p = x.sizes;
  for (index b = 0; b < p.batch; ++b) {
    std::vector<bool> seen(static_cast<std::size_t>(p.key_length), false);
    for (index i = 0; i < p.query_length; ++i)
      for (index j : skipmax::reference::visible<skipmax::native_isa>(
               mask, {b, 0, i, p.query_length, p.key_length}))
        seen[static_cast<std::size_t>(j)] = true;
    for (index j = 0; j < p.key_length; ++j) {
      if (seen[static_cast<std::size_t>(j)]) continue;
      for (index h = 0; h < p.kv_heads; ++h) {
        for (index d = 0; d < p.key_dim; ++d) x.k.at(b, j, h, d) = number<K>(NAN);
        for (index d = 0; d < p.value_dim; ++d)
          x.v.at(b, j, h, d) = number<V>(j % 2 ? NAN : INFINITY);
      }
    }
  }
}

template <class T, class Score, class Cap>
class every_slot {
 public:
  every_slot(Score score, Cap cap, std::uint64_t first_shape)
      : score_(score), cap_(cap), next_(first_shape) {}

  void check() {
    using namespace skipmax;
    for (int mask = 0; mask < mask_kinds; ++mask) {
      each_shape("softmax", mask, [](auto&&...) { return softmax{}; });
      each_shape("unnormalized", mask, [](auto&&...) { return unnormalized{}; });
      for (int kind = 0; kind < divisor_kinds; ++kind) {
        const std::string with = ", divisor " + std::to_string(kind);
        each_shape("minus_log_length" + with, mask, [&](const problem& p, const slot_data& data) {
          return minus_log_length<any_divisor>{nth_divisor(kind, p, data)};
        });
        for (double alpha : {0., 0.5, 1., 2.})
          each_shape("by_length " + std::to_string(alpha) + with, mask,
                     [&](const problem& p, const slot_data& data) {
                       return by_length<any_divisor>{alpha, nth_divisor(kind, p, data)};
                     });
      }
    }
  }

 private:
  template <class MakeNormalizer>
  void each_shape(const std::string& normalizer, int mask, const MakeNormalizer& make) {
    constexpr int shapes = sanitized ? 2 : 8;
    SCOPED_TRACE(normalizer + ", mask " + std::to_string(mask));
    for (int n = 0; n < shapes; ++n) one(make, mask, nth_shape(next_++));
    for (const problem& p : empty_shapes()) one(make, mask, p);
    if (mask == 0) nan_reaches_its_row(make);
  }

  template <class MakeNormalizer>
  void one(const MakeNormalizer& make, int mask_kind, const problem& p) {
    const slot_data data = make_slot_data(p, next_);
    const any_mask mask = nth_mask(mask_kind, data);
    const auto normalizer = make(p, data);
    using normalizer_type = std::remove_const_t<decltype(normalizer)>;
    const skipmax::attention<Score, normalizer_type, any_mask, Cap> a{
        score_, normalizer, mask, cap_, {}};
    operands<T> x(p, next_, mixed_layouts(next_));
    spoil_unseen_keys(x, mask);
    SCOPED_TRACE("after shape " + std::to_string(next_));
    check_against_reference(a, x);
  }

  // max(x, 0) of NaN is 0 or NaN, depending on the order of the operands. Here every function must
  // give NaN.
  template <class MakeNormalizer>
  void nan_reaches_its_row(const MakeNormalizer& make) {
    const problem p{1, 9, 21, 2, 1, 5, 19};
    const slot_data data = make_slot_data(p, next_);
    const auto normalizer = make(p, data);
    using normalizer_type = std::remove_const_t<decltype(normalizer)>;
    const skipmax::attention<Score, normalizer_type, any_mask, Cap> a{
        score_, normalizer, nth_mask(0, data), cap_, {}};
    operands<T> x(p);
    x.q.at(0, 4, 1, 2) = std::numeric_limits<T>::quiet_NaN();
    run(a, x);
    for (index i = 0; i < p.query_length; ++i)
      for (index h = 0; h < p.heads; ++h)
        for (index d = 0; d < p.value_dim; ++d)
          ASSERT_EQ(std::isnan(x.out.at(0, i, h, d)), i == 4 && h == 1) << i << ", " << h;
  }

  Score score_;
  Cap cap_;
  std::uint64_t next_;
};

// Each test program starts at a different shape, so that they do not all run the same ones.
template <class T, class Score, class Cap = skipmax::no_cap>
void check_every_slot(std::uint64_t first_shape, Score score, Cap cap = {}) {
  every_slot<T, Score, Cap>(score, cap, first_shape).check();
}

}  // namespace support
