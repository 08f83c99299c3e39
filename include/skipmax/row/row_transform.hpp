// What a row transform is: what happens to single rows of one head, [dim] each, before they are packed
// (q and k) or after their sum over the keys is finished (out).
//
//   template <class Isa, class T>
//   SKIPMAX_INLINE void forward(row_place first, row_matrix<const T> from, row_matrix<T> to,
//                               index rows, index dim) const;
//   void check(const problem&, index heads, index dim, error_message&) const;   // optional, or, if it goes by
//   void check(const problem& tensors, const problem& sequences, index heads, index dim, error_message&) const;
//
// where positions in the sequence matter: with segments, sequences has their number and the longest lengths.
//
// A few rows at a time, so that their reductions share registers. Row r is the one at position
// first.position + r of its tensor, and stands at key first.own_key + r of its sequence. `from` may be read
// and `to` written in whole registers, at any alignment: what stands in `from` beyond dim is finite, what is
// left in `to` beyond dim is of no account. Both may be one matrix.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

// Stands for the instruction set where only a signature is asked for.
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

// A gate that can be taken while out is in registers: gate.hpp.
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
