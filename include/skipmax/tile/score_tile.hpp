// S = q k^T for one row block and the keys of one tile, with a function of the score applied while
// the accumulators are still registers.
//
//   s[r][j] = epilogue( sum_x q[r][x] k[x][j] )
//   q [depth panels][MR][depth_panel], k [key panels][depth][NR], s [MR][weight_stride]
//
// q and k are packed, in numbers or in pairs, and s is in either: depth counts elements.
#pragma once

#include <type_traits>

#include "skipmax/simd/gemm.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

// An epilogue: epilogue(r, scores) changes the NV registers of row r in place. This one does not.
struct raw_scores {
  template <class Row, class V, std::size_t NV>
  SKIPMAX_INLINE void operator()(Row, V (&)[NV]) const {}
};

// An epilogue that differs from panel to panel has at(j), the one for the panel from column j on.
template <class Epilogue>
SKIPMAX_INLINE auto epilogue_at(const Epilogue& epilogue, index j) {
  if constexpr (requires { epilogue.at(j); })
    return epilogue.at(j);
  else
    return epilogue;
}

// What else is done while a panel is computed: meanwhile() is called every score_steps of its
// depth, to prefetch a little at a time.
struct nothing_else {
  SKIPMAX_INLINE void operator()() const {}
};
inline constexpr index score_steps = 8;

template <class Isa, class T, int MR, int NV, class E, class To, class Epilogue, class Meanwhile>
SKIPMAX_NOINLINE void score_panel(const E* q, const E* k, index dim, To* s, Epilogue epilogue,
                                  Meanwhile meanwhile) {
  using layout = tile_layout<T, Isa>;
  constexpr index panel = depth_panel<E>;
  constexpr index step = std::is_same_v<Meanwhile, nothing_else> ? panel : score_steps;
  accumulators<T, Isa, MR, NV> sum;
  sum.clear();
  for (index x = 0; x < dim; x += step) {
    const index depth = dim - x < step ? dim - x : step;
    meanwhile();
    // Never true, but clang would keep the sums twice for this case, half of them in memory.
    if (depth <= 0) __builtin_unreachable();
    sum.template multiply_add<panel>(q + x / panel * layout::rows * panel + x % panel,
                                     k + x * layout::columns, layout::columns, depth);
  }
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) {
    simd<T, Isa> row[NV];
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) row[v] = sum.at[r][v];
    epilogue(r, row);
    store_packed(s + r * layout::weight_stride, row);
  }
}

// Columns [first, last) of the tile, in whole registers; what lies beyond `last` is junk. before()
// is called before each panel; meanwhile(j) makes the `meanwhile` of the panel from column j on.
template <class Isa, class T, class E, class To, class Epilogue, class Before, class Meanwhile>
SKIPMAX_INLINE void score_tile(const E* q, int rows, const E* k, index dim, index first, index last,
                               To* s, Epilogue epilogue, Before before, Meanwhile meanwhile) {
  using layout = tile_layout<T, Isa>;
  constexpr index NR = layout::columns;
  with_row_count<layout::rows>(rows, [&]<int MR>(row_count<MR>) SKIPMAX_LAMBDA {
    for (index j = first / NR * NR; j < last; j += NR) {
      before();
      if (last - j > lanes<T, Isa>)
        score_panel<Isa, T, MR, 2>(q, k + j * dim, dim, s + packed_elements<To>(j),
                                   epilogue_at(epilogue, j), meanwhile(j));
      else
        score_panel<Isa, T, MR, 1>(q, k + j * dim, dim, s + packed_elements<To>(j),
                                   epilogue_at(epilogue, j), meanwhile(j));
    }
  });
}

}  // namespace v0
}  // namespace skipmax
