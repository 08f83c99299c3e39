// What bias and mask together add to scores, and the keys that they hide by adding -infinity.
#pragma once

#include <concepts>
#include <type_traits>

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/mask/mask_policy.hpp"
#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

template <class Attention>
inline constexpr bool has_bias = !std::is_same_v<decltype(Attention::bias), no_bias>;

// Single keys may be hidden, by the mask or by a bias of -inf: their weights are zero.
template <class Attention>
inline constexpr bool hides =
    hides_single_keys<decltype(Attention::mask)> || hides_single_keys<decltype(Attention::bias)>;

// Hidden keys are counted for a divisor that reads the length, and to find rows that see no key if
// transforms or a gate change out. Normalizers with a state find these rows by their sums.
template <class Attention>
inline constexpr bool counts_hidden =
    hides<Attention>&& is_pointwise<decltype(Attention::normalizer)> &&
    (reads_length<decltype(Attention::normalizer)> || decltype(Attention::rows)::changes_out);

template <class V>
SKIPMAX_INLINE auto is_hidden(V bias) {
  return bias == math::constant<V>(-__builtin_inf());
}

// What bias and mask together add to scores. Copies the two slots: through a reference the compiler
// would reload every pointer for each register, since a store might have changed it.
template <class Isa, class T, class Attention>
struct score_addends {
  using V = simd<T, Isa>;
  static constexpr bool any = has_bias<Attention> || hides<Attention>;
  static constexpr bool by_mask = hides_single_keys<decltype(Attention::mask)>;

  decltype(Attention::bias) bias;
  decltype(Attention::mask) mask;

  // The addends of a register of keys from `key` on, zeros beyond the end of the sequence.
  SKIPMAX_INLINE V of(row_position at, index key) const {
    constexpr index W = lanes<T, Isa>;
    const index last = end(at);
    if (key + W <= last) return sum<V>(at, key);
    alignas(64) T edge[W];
    for (index i = 0; i < W; ++i) edge[i] = key + i < last ? sum<T>(at, key + i) : T(0);
    return V::load_aligned(edge);
  }

  // End of the keys that may be asked for. If one mask of two ends a sequence, the other has no
  // keys beyond that.
  SKIPMAX_INLINE index end(row_position at) const {
    const index length = aligned(mask, at).key_length;
    if constexpr (by_mask)
      if (const index cut = cut_to_sequence(mask, at).key_length; cut < length) return cut;
    return length;
  }

  // The biases of `count` rows for keys [key, last), if they lie in memory and nothing else is
  // added; else null data.
  SKIPMAX_INLINE row_matrix<const T> in_memory(row_position first_row, index count, index key,
                                               index last) const {
    if constexpr (!by_mask && requires {
                    { bias.rows(first_row, count, key, last) } -> std::same_as<row_matrix<const T>>;
                  }) {
      const row_position on_diagonal = aligned(mask, first_row);
      if (key < last && last <= on_diagonal.key_length)
        return bias.rows(on_diagonal, count, key, last - key);
    }
    return {};
  }

  template <class N>
  SKIPMAX_INLINE N sum(row_position at, index key) const {
    N all = math::constant<N>(0);
    if constexpr (by_mask) all = mask.template bias<N>(at, key);
    if constexpr (has_bias<Attention>) {
      const N of_pair = bias.template bias<N>(aligned(mask, at), key);
      if constexpr (by_mask)  // not a sum: the bias of a key the mask hides may be NaN or infinity
        all = math::select(is_hidden(all), all, of_pair);
      else
        all = of_pair;
    }
    return all;
  }
};

// 1 in the lanes of hidden keys that lie in `seen`. bias is the register of keys from j on.
template <class V>
SKIPMAX_INLINE V hidden_in(V bias, index j, key_range seen) {
  using T = math::element_t<V>;
  constexpr index W = static_cast<index>(sizeof(V) / sizeof(T));
  const V one(T(1)), zero(T(0));
  V found = math::select(is_hidden(bias), one, zero);
  if (j < seen.first || j + W > seen.last) {
    const V lane = math::lane_numbers<V>();
    found = math::select(lane < V(static_cast<T>(seen.first - j)), zero, found);
    found = math::select(lane < V(static_cast<T>(seen.last - j)), found, zero);
  }
  return found;
}

template <class Isa, class T>
SKIPMAX_INLINE T sum_of_lanes(simd<T, Isa> x) {
  constexpr int W = lanes<T, Isa>;
  alignas(64) T of_lanes[W];
  x.store_aligned(of_lanes);
#pragma GCC unroll 4
  for (int half = W / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) of_lanes[i] += of_lanes[i + half];
  return of_lanes[0];
}

// The number of hidden keys in `seen`, all or a part of the range that row `at` sees.
template <class Isa, class T, class Attention>
SKIPMAX_NOINLINE index count_hidden(const Attention& a, row_position at, key_range seen) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, some = 1 << 20;  // float counts to 2^24
  const score_addends<Isa, T, Attention> addends{a.bias, a.mask};
  const index keys = seen.last - seen.first;
  index count = 0;
  for (index start = 0; start < keys; start += some) {
    V of_some(T(0));
    for (index j = start; j < keys && j < start + some; j += W)
      of_some = of_some + hidden_in(addends.of(at, seen.first + j), j, {0, keys});
    count += static_cast<index>(sum_of_lanes<Isa, T>(of_some));
  }
  return count;
}

// Stores the addends of columns [first, last) of a tile that starts at first_key, laid out as
// scores are. Whole registers of columns before `free` may hold scores and are not written.
template <class Isa, class T, class Attention, class Position>
SKIPMAX_NOINLINE void lay_out_addends(const Attention& a, int rows, row_matrix<T> to,
                                      Position position, index first_key, index free, index first,
                                      index last) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  const score_addends<Isa, T, Attention> addends{a.bias, a.mask};
  const index taken = free / W * W;
  for (int r = 0; r < rows; ++r) {
    const row_position row = position(r);
    T* const of_row = to.data + r * to.stride;
    const index end = addends.end(row) - first_key;
    for (index j = first / W * W; j < last; j += W) {
      // A register that would reach beyond the sequence starts earlier and takes some keys again.
      const index start = j + W <= end ? j : end - W;
      if (start >= taken)
        addends.template sum<V>(row, first_key + start).store_unaligned(of_row + start);
      else
        for (index i = j; i < end; ++i) of_row[i] = addends.template sum<T>(row, first_key + i);
    }
  }
}

// The weight of a hidden key, or the score that a normalizer with a state turns into that weight.
template <class Isa, class T, class Normalizer>
SKIPMAX_INLINE simd<T, Isa> weight_of_hidden() {
  return simd<T, Isa>(is_pointwise<Normalizer> ? T(0) : static_cast<T>(-__builtin_inf()));
}

// h(score + addend), or the sum in the unit of a normalizer that takes raw scores; these are in
// that unit already. Depends on few types, so that attentions alike in these share their kernels.
template <class Score, class Normalizer, bool Hides>
struct score_with_addend {
  using normalizer = Normalizer;
  static constexpr bool may_hide = Hides;

  Score score;

  template <class V>
  SKIPMAX_INLINE V operator()(V s, V addend) const {
    if constexpr (is_pointwise<Normalizer>)
      return score.value(s + addend);
    else
      return math::fma(addend, math::constant<V>(Normalizer::score_factor), s);
  }
};

struct any_pointwise {
  static constexpr bool pointwise = true;
};
template <class Attention, class Normalizer = decltype(Attention::normalizer)>
using score_with_addend_of =
    score_with_addend<decltype(Attention::score),
                      std::conditional_t<is_pointwise<Normalizer>, any_pointwise, Normalizer>,
                      hides<Attention>>;

// Adds to the scores of one panel, then applies `then`.
template <class Isa, class T, class Add, class Then>
struct addend_epilogue {
  Add add;
  Then then;
  row_matrix<const T> addends;  // [rows], from the panel's first column on
  bool* found;                  // set if a key is hidden

  template <class V, std::size_t NV>
  SKIPMAX_INLINE void operator()(int r, V (&s)[NV]) const {
    V of_row[NV];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < NV; ++v)
      of_row[v] = V::load_unaligned(addends.data + r * addends.stride +
                                    static_cast<index>(v) * lanes<T, Isa>);
    weigh(s, of_row);
    then(r, s);
  }

  template <class V, std::size_t NV>
  SKIPMAX_INLINE void weigh(V (&s)[NV], const V (&of_row)[NV]) const {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < NV; ++v) s[v] = add(s[v], of_row[v]);
    if constexpr (Add::may_hide) {
      auto hidden = is_hidden(of_row[0]);
      if constexpr (NV == 2) hidden = hidden | is_hidden(of_row[1]);
      if (!xsimd::any(hidden)) return;
      *found = true;
#pragma GCC unroll 2
      for (std::size_t v = 0; v < NV; ++v)
        s[v] = math::select(is_hidden(of_row[v]),
                            weight_of_hidden<Isa, T, typename Add::normalizer>(), s[v]);
    }
  }
};

// The same for any panel and for the tail. Panels in `in_memory` read their addends from `there`.
template <class Isa, class T, class Add, class Then>
struct addends_of_block {
  Add add;
  Then then;
  row_matrix<const T> laid_out;  // [rows], from the tile's first column on
  row_matrix<const T> there;     // [rows], from in_memory.first on
  key_range in_memory;           // columns
  int rows;
  bool* found;

  using of_panel = addend_epilogue<Isa, T, Add, Then>;
  SKIPMAX_INLINE of_panel at(index j) const {
    const bool read_there = j < in_memory.last;
    return {add, then,
            read_there ? columns_from(there, j - in_memory.first) : columns_from(laid_out, j),
            found};
  }

  template <class V, std::size_t NV>
  SKIPMAX_INLINE void operator()(rows_of_key of, V (&s)[NV]) const {
    constexpr int W = lanes<T, Isa>;
    alignas(64) T of_rows[W];
    for (int i = 0; i < W; ++i)
      of_rows[i] =
          of.row + i < rows ? laid_out.data[(of.row + i) * laid_out.stride + of.key] : T(0);
    const V loaded[1] = {V::load_aligned(of_rows)};
    of_panel{add, then, {}, found}.weigh(s, loaded);
    then(of, s);
  }
};

}  // namespace v0
}  // namespace skipmax
