// The sizes that tests run over: one more and one less than a register, a register tile or a key
// tile of any instruction set, primes, and more than one tile.
#pragma once

#include <cstdint>
#include <vector>

#include "skipmax/problem.hpp"

namespace support {

using skipmax::index;
using skipmax::problem;

// The n-th shape. No two lengths of the lists have a common divisor, so every pair of entries of
// two lists comes up within the product of their lengths.
inline problem nth_shape(std::uint64_t n) {
  constexpr index query_lengths[] = {1, 2, 5, 6, 7, 8, 13, 14, 15, 17, 29, 33, 97};
  constexpr index key_lengths[] = {1,  3,  7,  8,   9,   15,  16,  17,  31, 33,
                                   61, 64, 65, 127, 129, 257, 265, 289, 521};
  constexpr index key_dims[] = {1, 3, 8, 17, 64, 100, 130};
  constexpr index value_dims[] = {1, 2, 7, 8, 9, 16, 33, 64, 65, 100, 131};
  constexpr index heads[][2] = {{1, 1}, {2, 1}, {6, 2}, {3, 3}, {4, 2}};  // and kv heads
  problem p{static_cast<index>(1 + n % 3),
            query_lengths[n % 13],
            key_lengths[n % 19],
            heads[n % 5][0],
            heads[n % 5][1],
            key_dims[n % 7],
            value_dims[n % 11]};
  const index scores_of_head = p.query_length * p.key_length;
  if (scores_of_head > 2000) p.batch = 1;  // the reference takes its time
  if (scores_of_head > 8000) p.heads = p.kv_heads = 1;
  return p;
}

// Each has one size of 0; the fifth no heads at all, the last nothing.
inline std::vector<problem> empty_shapes() {
  return {{0, 5, 7, 2, 1, 3, 4}, {2, 0, 7, 2, 1, 3, 4}, {2, 5, 0, 2, 1, 3, 4},
          {2, 5, 7, 0, 1, 3, 4}, {2, 5, 7, 0, 0, 3, 4}, {2, 5, 7, 2, 1, 0, 4},
          {2, 5, 7, 2, 1, 3, 0}, {0, 0, 0, 0, 0, 0, 0}};
}

}  // namespace support
