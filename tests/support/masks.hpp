// Compares a mask with its definition, row by row, over all small shapes.
#pragma once

#include <gtest/gtest.h>

#include "skipmax/mask/mask_policy.hpp"
#include "skipmax/reference/visible.hpp"

namespace support {

using skipmax::index;

// visible_range() must be exactly the keys that the reference sees, for up to largest_length
// queries and keys.
template <class Mask>
void check_mask(const Mask& mask, index batch, index largest_length, index least_keys = 0) {
  for (index b = 0; b < batch; ++b)
    for (index queries = 0; queries <= largest_length; ++queries)
      for (index keys = least_keys; keys <= largest_length; ++keys)
        for (index i = 0; i < queries; ++i) {
          const skipmax::row_position at{b, 0, i, queries, keys};
          const skipmax::key_range range = skipmax::visible_range(mask, at);
          ASSERT_LE(0, range.first);
          ASSERT_LE(range.first, range.last);
          ASSERT_LE(range.last, keys);
          std::vector<index> found;
          for (index j = range.first; j < range.last; ++j) found.push_back(j);
          ASSERT_EQ(found, skipmax::reference::visible<skipmax::native_isa>(mask, at))
              << "batch " << b << ", query " << i << " of " << queries << ", " << keys << " keys";
        }
}

// Among the queries that see keys, neither end must go back from one to the next, and the queries
// that see the same key must be consecutive.
template <class Mask>
void check_moves_forward(const Mask& mask, index batch, index largest_length) {
  static_assert(skipmax::moves_forward<Mask>);
  for (index b = 0; b < batch; ++b)
    for (index queries = 0; queries <= largest_length; ++queries)
      for (index keys = 0; keys <= largest_length; ++keys) {
        skipmax::key_range before{};
        index seeing = -1;
        for (index i = 0; i < queries; ++i) {
          const skipmax::key_range range = skipmax::visible_range(mask, {b, 0, i, queries, keys});
          if (skipmax::is_empty(range)) continue;
          ASSERT_LE(before.first, range.first) << "query " << i << " of " << queries;
          ASSERT_LE(before.last, range.last) << "query " << i << " of " << queries;
          if (range.first < before.last) {
            ASSERT_EQ(seeing, i - 1) << "of " << queries;
          }
          before = range, seeing = i;
        }
      }
}

// What check() says about a mask for a problem of that many sequences and keys.
template <class Mask>
std::string complaint(const Mask& mask, index batch, index key_length) {
  skipmax::problem p;
  p.batch = batch;
  p.query_length = p.key_length = key_length;
  skipmax::error_message error;
  mask.check(p, error);
  return error.text;
}

}  // namespace support
