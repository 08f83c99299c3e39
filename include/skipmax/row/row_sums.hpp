// Sums over rows without a horizontal operation for each: a row is added up vertically, into one
// register, and then the lanes of the registers of several rows are added up all at once.
//
//   lane r of the result = sum of the lanes of x[r]
//
// This is a merge tree: each level halves the number of registers, at two shuffles and one addition
// for a pair. Lanes of different rows are never added, so that NaN stays in its row and no sum
// depends on its row's place.
#pragma once

#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

// The number of rows in a group, which are read side by side: as many as 128 bits hold elements.
template <class T>
inline constexpr int row_group = 16 / static_cast<int>(sizeof(T));

// The number of groups, and of rows, in a step, whose sums are found at once. A step of more than
// two groups would be too long for the next one to start while the last operations of this one are
// under way, which hides their latency.
template <class T, class Isa>
inline constexpr int groups_of_step = lanes<T, Isa> > row_group<T> ? 2 : 1;
template <class T, class Isa>
inline constexpr int row_step = groups_of_step<T, Isa>* row_group<T>;

// The last levels of the sums of a step. Each lane holds the sum of a row: the rows of the first
// group, then those of the second, repeated to the end of the register.
template <class V>
SKIPMAX_INLINE V sum_across(const V& first, const V& second) {
  constexpr int G = V::size / lanes_of_128_bits<V>;
  V of_group[G];
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) of_group[g] = g % 2 == 0 ? first : second;
  return reduce_128_bits(of_group, plus{});
}

// Calls add(e, register, keep) for every register of every row e of one group, of `dim` elements.
// keep(term) is the term with zeros in the lanes beyond dim, which must not count. If the group has
// fewer than row_group rows, the last one is taken again.
template <class Isa, class T, class Add>
SKIPMAX_INLINE void each_register(row_matrix<const T> rows, int count, index dim, Add add) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  constexpr int E = row_group<T>;
  const T* row[E];
#pragma GCC unroll 4
  for (int e = 0; e < E; ++e) row[e] = rows.data + (e < count ? e : count - 1) * rows.stride;
  const auto whole = [](V term) SKIPMAX_LAMBDA { return term; };
  index x = 0;
  for (; x + W <= dim; x += W)
#pragma GCC unroll 4
    for (int e = 0; e < E; ++e) add(e, V::load_unaligned(row[e] + x), whole);
  if (x == dim) return;
  const auto inside = math::lane_numbers<V>() < V(static_cast<T>(dim - x));
  const auto cut = [&](V term) SKIPMAX_LAMBDA { return math::select(inside, term, V(T(0))); };
#pragma GCC unroll 4
  for (int e = 0; e < E; ++e) add(e, V::load_unaligned(row[e] + x), cut);
}

// f(dim), compiled separately for 64, the dim of nearly all heads: without exits from inner loops a
// norm of 64 floats takes 14 cycles a row on AVX-512 instead of 17.
template <class F>
SKIPMAX_INLINE void for_known_dim(index dim, F f) {
  if (dim == 64)
    f(index{64});
  else
    f(dim);
}

// For each step of rows r .. r + count - 1: sum(r, count), find(r, count) from the sums, and then
// finish(r, count) with what was found. The last operations of sum and find have a long latency:
// meanwhile the step before is finished, or the next one added up.
template <class Isa, class T, class Sum, class Find, class Finish>
SKIPMAX_INLINE void in_steps(index rows, Sum sum, Find find, Finish finish) {
  constexpr index step = row_step<T, Isa>;
  const auto count = [&](index r) SKIPMAX_LAMBDA {
    return static_cast<int>(rows - r < step ? rows - r : step);
  };
  for (index r = 0; r < rows + step; r += step) {
    if (r < rows) sum(r, count(r));
    if (r >= step) finish(r - step, count(r - step));
    if (r < rows) find(r, count(r));
  }
}

}  // namespace v0
}  // namespace skipmax
