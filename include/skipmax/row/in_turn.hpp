// Two row transforms, one after the other: in_turn{norm, rotary} is rotary(norm(x)).
#pragma once

#include "skipmax/row/row_transform.hpp"
#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {

template <row_transform First, row_transform Second>
struct in_turn {
  First first;
  Second second;

  template <class Isa, class T>
  SKIPMAX_INLINE void forward(row_place place, row_matrix<const T> from, row_matrix<T> to,
                              index rows, index dim) const {
    first.template forward<Isa, T>(place, from, to, rows, dim);
    // a transform may count on finite numbers beyond dim: the second one too
    for (index r = 0; r < rows; ++r)
      for (index x = dim; x % lanes<T, Isa> != 0; ++x) to.data[r * to.stride + x] = T(0);
    second.template forward<Isa, T>(place, {to.data, to.stride}, to, rows, dim);
  }

  SKIPMAX_INLINE void check(const problem& tensors, const problem& sequences, index heads,
                            index dim, error_message& error) const {
    check_rows(first, tensors, sequences, heads, dim, error);
    check_rows(second, tensors, sequences, heads, dim, error);
  }
};
template <class First, class Second>
in_turn(First, Second) -> in_turn<First, Second>;

}  // namespace v0
}  // namespace skipmax
