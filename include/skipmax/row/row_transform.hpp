// A row transform changes single rows of one head, [dim] each, before they are packed (q and k) or
// after the sum over the keys is finished (out).
//
//   template <class Isa, class T>
//   SKIPMAX_INLINE void forward(row_place first, row_matrix<const T> from, row_matrix<T> to,
//                               index rows, index dim) const;
//   void check(const problem&, index heads, index dim, error_message&) const;   // optional
//
// or, if positions in the sequence matter, check(tensors, sequences, heads, dim, error): with
// segments the second problem has their number as batch and the longest lengths.
//
// forward gets a few rows at a time, so that their reductions share registers. Row r is at position
// first.position + r of its tensor and stands at key first.own_key + r of its sequence. It may read
// `from` and write `to` in whole registers, at any alignment: beyond dim, `from` holds finite
// numbers and `to` is ignored. Both may be the same matrix.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

// Stands for the instruction set when only a signature is checked.
struct any_isa {};

template <class R>
concept row_transform = requires(const R r, row_place at, row_matrix<const double> from,
                                 row_matrix<double> to) {
  r.template forward<any_isa>(at, from, to, index{1}, index{1});
};

template <class R>
SKIPMAX_INLINE void check_rows(const R& transform, const problem& tensors, const problem& sequences,
                               index heads, index dim, error_message& error) {
  check_part(transform, error, tensors, heads, dim);
  check_part(transform, error, tensors, sequences, heads, dim);
}

// True of a gate that can be applied while out is in registers: gate.hpp.
template <class Gate>
inline constexpr bool multiplies_registers = false;

// Rows stay as they are.
struct no_transform {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(row_place, row_matrix<const T> from, row_matrix<T> to, index rows,
                              index dim) const {
    if (from.data == to.data) return;
    for (index r = 0; r < rows; ++r)
      for (index x = 0; x < dim; ++x) to.data[r * to.stride + x] = from.data[r * from.stride + x];
  }
};

}  // namespace v0
}  // namespace skipmax
