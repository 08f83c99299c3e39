// Sums over rows, so that a row costs no horizontal operation of its own: each row is added up
// vertically, into one register, and the lanes of the registers of several rows are then added up
// all at once.
//
//   lane r of the result = sum of the lanes of x[r]
//
// A merge tree: each level halves the registers, two shuffles and one addition for a pair. No lane
// of one row ever meets one of another, so that NaN stays in its row, and no sum depends on a row's
// place.
#pragma once

#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/simd/transpose.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

// The rows of a group, read side by side: as many as fit into 128 bits.
template <class T>
inline constexpr int row_group = 16 / static_cast<int>(sizeof(T));

// The groups of a step, and its rows: those whose sums are found at once. With more than two groups
// a step would not end before the next one could start, which hides how long its last operations
// take.
template <class T, class Isa>
inline constexpr int groups_of_step = lanes<T, Isa> > row_group<T> ? 2 : 1;
template <class T, class Isa>
inline constexpr int row_step = groups_of_step<T, Isa>* row_group<T>;

// The last levels of the sums of a step, a row in each lane: those of its first group, then of its second, and
// so again to the end of the register.
template <class V>
SKIPMAX_INLINE V sum_across(const V& first, const V& second) {
  constexpr int G = V::size / lanes_of_128_bits<V>;
  V of_group[G];
#pragma GCC unroll 4
  for (int g = 0; g < G; ++g) of_group[g] = g % 2 == 0 ? first : second;
  return reduce_128_bits(of_group, plus{});
}

// Calls add(e, register, keep) for every register of the rows e = 0 .. of one group, of `dim`
// elements. keep(term) is the term where it belongs to the row, zero in the lanes beyond dim: what
// stands there must not count. Where the group has fewer rows its last one is taken again.
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

// f(dim), compiled once more for the dim of nearly all heads: without inner loops to leave, a norm
// of 64 floats takes 14 cycles a row on AVX-512 instead of 17.
template <class F>
SKIPMAX_INLINE void for_known_dim(index dim, F f) {
  if (dim == 64)
    f(index{64});
  else
    f(dim);
}

// sum(r, count), find(r, count) from these sums and then finish(r, count) with what was found, for the steps
// of rows r, r + 1, .. r + count - 1. Each waits long for its last operations: meanwhile the step before is
// finished, and the next one is added up.
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
