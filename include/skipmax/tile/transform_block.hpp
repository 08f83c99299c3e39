// Takes a few rows from the caller's tensor through a row transform into scratch. They are packed
// from there while they are in the L1 cache.
//
//   scratch [2][rows_of_call][dim in whole registers]: transformed; a copy of what came in
//
// Rows of whole registers are read in place. Others, and those stored in fewer bits, are first
// copied and padded with zeros, so that a transform may always read whole registers of T.
#pragma once

#include <type_traits>

#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/pack.hpp"

namespace skipmax {
inline namespace v0 {

// Rows that one call transforms. Its first and last rows wait for their sums, so the more the
// better, as long as they stay in the L1 cache; at least a row block of q, and one for each lane.
template <class Isa, class T>
SKIPMAX_INLINE constexpr index rows_of_call(index dim) {
  constexpr index most = 4 * row_lanes<T, Isa>, least = row_lanes<T, Isa>, bytes = 16 * 1024;
  const index row = round_up(dim, lanes<T, Isa>) * static_cast<index>(sizeof(T));
  const index rows = row > 0 ? bytes / row : most;
  return rows > most ? most : rows < least ? least : rows;
}

template <class Isa, class T, class S, class Transform>
SKIPMAX_NOINLINE row_matrix<const T> transform_block(const Transform& transform, row_place first,
                                                     row_matrix<const S> from, index rows,
                                                     index dim, T* scratch) {
  const index padded = round_up(dim, lanes<T, Isa>);
  T* const copy = scratch + rows_of_call<Isa, T>(dim) * padded;
  row_matrix<const T> in{copy, padded};
  bool in_place = false;
  if constexpr (std::is_same_v<S, T>)
    if (padded == dim) in = from, in_place = true;
  if (!in_place) pack_rows<Isa>(copy, from.data, from.stride, rows, dim, padded);
  transform.template forward<Isa, T>(first, in, row_matrix<T>{scratch, padded}, rows, dim);
  return {scratch, padded};
}

}  // namespace v0
}  // namespace skipmax
