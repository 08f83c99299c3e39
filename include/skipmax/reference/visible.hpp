// Which keys a query row sees, as a plain yes or no for each key: the definition of every mask. i
// is the query row, j the key.
//
//   no_mask      always
//   causal       j - (key length - 1) <= i - (query length - 1)
//   key_lengths  j < lengths[batch]
//   both(A, B)   A, and B in the sequence that ends with the last key that A lets through
//
// Any other mask is asked for its own visible(at).
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {
namespace reference {

template <class Isa>
bool sees(no_mask, row_position, index) {
  return true;
}

template <class Isa>
bool sees(causal, row_position at, index j) {
  return j - (at.key_length - 1) <= at.query - (at.query_length - 1);
}

template <class Isa>
bool sees(key_lengths mask, row_position at, index j) {
  return j < mask.lengths[at.batch];
}

template <class Isa, class Mask>
bool sees(const Mask& mask, row_position at, index j) {
  const key_range range = mask.visible(at);
  return range.first <= j && j < range.last;
}

// The keys of [0, key length) that the row sees, in order.
template <class Isa, class Mask>
std::vector<index> visible(const Mask& mask, row_position at) {
  std::vector<index> keys;
  for (index j = 0; j < at.key_length; ++j)
    if (sees<Isa>(mask, at, j)) keys.push_back(j);
  return keys;
}

template <class Isa, class First, class Second>
std::vector<index> visible(const both<First, Second>& mask, row_position at) {
  const std::vector<index> first = visible<Isa>(mask.first, at);
  at.key_length = first.empty() ? 0 : first.back() + 1;
  const std::vector<index> second = visible<Isa>(mask.second, at);
  std::vector<index> keys;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(keys));
  return keys;
}

}  // namespace reference
}  // namespace v0
}  // namespace skipmax
