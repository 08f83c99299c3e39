// Calls with every slot taken at once, drawn so that every pair of kinds meets, against the reference.
#pragma once

#include <algorithm>
#include <set>
#include <string>

#include "support/any_dressing.hpp"
#include "support/check.hpp"
#include "support/sanitized.hpp"
#include "support/shapes.hpp"

namespace support {

// Where 1 to 4 sequences begin in `length` rows; some are empty.
inline std::vector<index> split(index length, index count, std::uint64_t seed) {
  std::vector<index> offsets{0, length};
  for (index s = 1; s < count; ++s)
    offsets.push_back(whole(seed, static_cast<std::uint64_t>(s), 0, static_cast<int>(length)));
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

inline problem longest(const problem& p, const skipmax::segments& s) {
  problem seen = p;
  seen.batch = s.count, seen.query_length = seen.key_length = 0;
  for (index n = 0; n < s.count; ++n) {
    seen.query_length = std::max(seen.query_length, s.offsets[n + 1] - s.offsets[n]);
    seen.key_length = std::max(seen.key_length, s.key_offsets[n + 1] - s.key_offsets[n]);
  }
  return seen;
}

// A row that sees no key is zeros; the others are as close to the definition as `share` of the largest
// number of all.
template <class T, class Attention>
void check_rows(const Attention& a, operands<T>& x, double share) {
  const problem& p = x.sizes;
  std::vector<double> memory(
      static_cast<std::size_t>(p.batch * p.query_length * p.heads * p.value_dim));
  const auto wanted = skipmax::blhd(memory.data(), p.batch, p.query_length, p.heads, p.value_dim);
  skipmax::reference::forward(a, x.q.read(), x.k.read(), x.v.read(), wanted);
  double largest = 0;
  for (double y : memory) largest = std::max(largest, std::abs(y));
  run(a, x);
  const index sequences = a.segments.given() ? a.segments.count : p.batch;
  using isa = skipmax::native_isa;
  for (index s = 0; s < sequences; ++s)
    for (index h = 0; h < p.heads; ++h) {
      const auto of = [&](index i) {
        return skipmax::reference::position_of<isa>(a, x.q.read(), x.k.read(), s, h, i);
      };
      for (index i = 0; i < of(0).query_length; ++i) {
        const auto place = skipmax::reference::place_of_query<isa>(a, of(i));
        const bool empty = skipmax::reference::keys_of(a, of(i)).empty();
        for (index d = 0; d < p.value_dim; ++d) {
          const double found = static_cast<double>(x.out.at(place.batch, place.position, h, d));
          const double right = wanted.row(place.batch, place.position, h)[d];
          ASSERT_LE(std::abs(found - right), empty ? 0 : share * largest)
              << "sequence " << s << ", head " << h << ", query " << i << ", " << d << ": found "
              << found << ", wanted " << right;
        }
      }
    }
  EXPECT_TRUE(x.guards_intact());
}

template <class T, class Attention>
void check_slot_pairs(const Attention& plain, std::uint64_t seed, double share) {
  constexpr int kinds[] = {dressing<T>::mask_kinds,
                           dressing<T>::bias_kinds,
                           dressing<T>::norm_kinds,
                           dressing<T>::norm_kinds,
                           dressing<T>::norm_kinds,
                           dressing<T>::gate_kinds,
                           2};
  constexpr int slots = sizeof kinds / sizeof *kinds;
  std::set<std::string> met;
  for (std::uint64_t n = 0; n < (sanitized ? 60 : 300); ++n) {
    int kind[slots];
    for (int s = 0; s < slots; ++s)
      kind[s] = whole(seed, n * slots + static_cast<std::uint64_t>(s), 0, kinds[s] - 1);
    for (int s = 0; s < slots; ++s)
      for (int t = 0; t < s; ++t)
        met.insert(std::to_string(s) + "." + std::to_string(kind[s]) + " " + std::to_string(t) +
                   "." + std::to_string(kind[t]));

    problem p = nth_shape(seed + n);
    if (kind[6] == 1) p.batch = 1;
    const index count = 1 + static_cast<index>(n % 4);
    const std::vector<index> of_queries = split(p.query_length, count, n),
                             of_keys = split(p.key_length, count, n + 1);
    skipmax::segments segments{};
    if (kind[6] == 1) segments = {of_queries.data(), count, of_keys.data()};
    dressing<T> dress(p, segments.given() ? longest(p, segments) : p, n);
    const auto a = plain.with(dress.mask(kind[0]))
                       .with(dress.bias(kind[1]))
                       .with(skipmax::on_q{dress.norm(kind[2], p.heads, p.key_dim)})
                       .with(skipmax::on_k{dress.norm(kind[3], p.kv_heads, p.key_dim)})
                       .with(skipmax::on_out{dress.norm(kind[4], p.heads, p.value_dim)})
                       .with(dress.gate(kind[5]))
                       .with(segments);
    operands<T> x(p, n, mixed_layouts(n));
    std::string names = "call " + std::to_string(n) + ", kinds";
    for (int k : kind) names += " " + std::to_string(k);
    SCOPED_TRACE(names + ", " + text(p));
    check_rows(a, x, share);
    if (::testing::Test::HasFatalFailure()) return;
  }
  std::size_t pairs = 0;
  for (int s = 0; s < slots; ++s)
    for (int t = 0; t < s; ++t) pairs += static_cast<std::size_t>(kinds[s] * kinds[t]);
  EXPECT_TRUE(sanitized || met.size() == pairs)
      << "met " << met.size() << " of " << pairs << " pairs";
}

}  // namespace support
