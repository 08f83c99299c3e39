// softmax over the keys of a row, in one pass over tiles of keys (Milakov and Gimelshein 2018).
//
//   weight_j = 2^(s_j - m) / sum_i 2^(s_i - m),  scores multiplied by log2(e)
//
// Each row carries a reference m and the sum. Any m without overflow or underflow will do, and zero
// nearly always does. So the exponential is taken in the accumulators of q k^T, with no search for
// the maximum. If a row's sum over a tile shows a score far above m, or its sum over its first tile
// shows none near m, then m becomes the row's largest score, its output and sum so far are
// multiplied by 2^(m_old - m_new), and the tile is done again. The division comes at the end. A row
// whose scores are all -inf is zero.
#pragma once

#include <numbers>
#include <type_traits>

#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/simd/row_ops.hpp"

namespace skipmax {
inline namespace v0 {

struct softmax {
  static constexpr bool pointwise = false;
  static constexpr bool packs_weights = true;
  static constexpr double score_factor = std::numbers::log2e;

  // m [row_lanes], then the sums: over registers of keys, lane by lane [row_lanes][lanes], and over
  // the tails of tiles [row_lanes].
  template <class Isa, class T>
  static constexpr index sums_size = row_lanes<T, Isa>*(lanes<T, Isa> + 1);
  template <class Isa, class T>
  static constexpr index state_size = row_lanes<T, Isa> + sums_size<Isa, T>;

  template <class Isa, class T>
  SKIPMAX_INLINE void clear(T* state) const {
    clear_row<Isa>(state, state_size<Isa, T>);
  }

  template <class Isa, class T, class Scorer>
  SKIPMAX_NOINLINE bool absorb(T* state, const Scorer& score, T* rescale) const {
    constexpr index all_sums = sums_size<Isa, T>;
    const auto& block = score.block;
    using E = std::remove_pointer_t<decltype(block.weights)>;
    const key_range middle = in_accumulators<Isa>(score);
    const key_range left{block.any.first, middle.first}, right{middle.last, block.any.last};
    alignas(64) T of_tile[all_sums];
    T* const so_far = state + row_lanes<T, Isa>;
    T* const sums = block.fresh ? so_far : of_tile;  // so_far is zero if fresh
    if (!block.fresh) clear_row<Isa>(sums, all_sums);
    if (block.fresh && !is_same(block.any, block.all)) forget_unseen<Isa>(state, block);

    scores<Isa>(score, left);
    scores<Isa>(score, right);
    score.with_epilogue(middle.first, middle.last, block.weights,
                        exponential<Isa, T, E>{state, sums});
    hide_unseen<Isa>(block, left);
    hide_unseen<Isa>(block, right);
    exponentials<Isa>(state, sums, block, left);
    exponentials<Isa>(state, sums, block, right);

    const unsigned moved = out_of_range<Isa>(sums, block);
    if (moved != 0) {
      scores<Isa>(score, block.any);
      hide_unseen<Isa>(block, block.any);
      set_references<Isa>(state, block, moved, rescale);
      clear_row<Isa>(sums, all_sums);
      const index tail = score.in_panels();  // keeps the order of the sum
      exponentials<Isa>(state, sums, block, intersect(middle, {middle.first, tail}));
      exponentials_of_tail<Isa>(state, sums, block, intersect(middle, {tail, middle.last}));
      exponentials<Isa>(state, sums, block, left);
      exponentials<Isa>(state, sums, block, right);
    }
    if (!block.fresh) add_row<Isa>(so_far, sums, all_sums);
    return moved != 0 && !block.fresh;
  }

  template <class Isa, class T>
  SKIPMAX_INLINE void finish(const T* state, index, T* factor) const {
    constexpr int R = row_lanes<T, Isa>;
    reduce_rows<Isa>(state + R, R, factor, plus{});
    add_row<Isa>(factor, state + R + R * lanes<T, Isa>, R);
    for (int r = 0; r < R; ++r) factor[r] = factor[r] == T(0) ? T(0) : T(1) / factor[r];
  }

  // What a part over some of the keys keeps of row r besides its output: m and the sum.
  template <class Isa, class T>
  SKIPMAX_INLINE void keep(const T* state, int r, T* kept) const {
    alignas(64) T of_lanes[lanes<T, Isa>];
    simd<T, Isa>::load_aligned(state + row_lanes<T, Isa> + r * lanes<T, Isa>)
        .store_aligned(of_lanes);
    kept[1] = state[row_lanes<T, Isa> * (1 + lanes<T, Isa>)+r];
    for (int i = 0; i < lanes<T, Isa>; ++i) kept[1] += of_lanes[i];
    kept[0] = state[r];
  }

  template <class T>
  SKIPMAX_INLINE void keep_nothing(T* kept) const {
    kept[0] = lowest<T>, kept[1] = T(0);
  }

  // Merges what another part kept into `kept`. The caller multiplies the outputs of the two by
  // factors[0] and factors[1]. A part whose sum is zero has no m: all-zero memory is such a part.
  template <class Isa, class T>
  SKIPMAX_INLINE void merge(T* kept, const T* other, T* factors) const {
    using V = simd<T, Isa>;
    alignas(64) T of_lanes[lanes<T, Isa>];
    const auto reference = [](const T* of)
                               SKIPMAX_LAMBDA { return of[1] == T(0) ? lowest<T> : of[0]; };
    const T a = reference(kept), b = reference(other), m = a < b ? b : a;
    math::fast_exp2(V(a - m)).store_aligned(of_lanes);
    factors[0] = of_lanes[0];
    math::fast_exp2(V(b - m)).store_aligned(of_lanes);
    factors[1] = of_lanes[0];
    kept[0] = m, kept[1] = kept[1] * factors[0] + other[1] * factors[1];
  }

  template <class T>
  SKIPMAX_INLINE T finish_kept(const T* kept, index) const {
    return kept[1] == T(0) ? T(0) : T(1) / kept[1];
  }

 private:
  // Each lane of a row's sum over a tile must be at most `far`, in its first tile one at least
  // 1 / far: scores within about 27 of m, in natural units, are as good as m. The bounds are far
  // from overflow and rarely violated; a tile that violates them is scored twice.
  template <class T>
  static constexpr T far = static_cast<T>(0x1p40);

  // m if all scores so far are -inf. It is finite so that -inf - m is -inf and not NaN.
  template <class T>
  static constexpr T lowest = static_cast<T>(-compat::format<T>::largest);

  // A call, since inlined it would be compiled three times.
  template <class Isa, class Scorer>
  SKIPMAX_NOINLINE static void scores(const Scorer& score, key_range columns) {
    score(columns.first, columns.last);
  }

  // Columns whose scores need not be stored first: whole registers that all rows see, and the tail
  // that is scored separately.
  template <class Isa, class Scorer>
  SKIPMAX_INLINE static key_range in_accumulators(const Scorer& score) {
    using T = std::remove_pointer_t<decltype(score.block.scores)>;
    constexpr index NR = register_block<T, Isa>::columns, W = lanes<T, Isa>;
    const key_range any = score.block.any, all = score.block.all;
    const index first = round_up(all.first, NR);
    const bool to_the_end =
        all.last == any.last && (all.last % W == 0 || all.last > score.in_panels());
    const index last = to_the_end ? all.last : all.last / NR * NR;
    if (!Scorer::raw || first >= last) return {any.last, any.last};
    return {first, last};
  }

  // Epilogue of q k^T: turns scores to weights, packed as E, and adds them to the row's sum.
  template <class Isa, class T, class E>
  struct exponential {
    const T* m;  // [rows]
    T* sums;     // [rows][lanes]

    template <class V, std::size_t NV>
    SKIPMAX_INLINE void operator()(int r, V (&s)[NV]) const {
      const V reference(m[r]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < NV; ++v) s[v] = math::fast_exp2(s[v] - reference);
      T* at = sums + r * lanes<T, Isa>;
      add_packed<E>(V::load_aligned(at), s).store_aligned(at);
    }

    template <class V>
    SKIPMAX_INLINE void operator()(rows_of_key at, V (&s)[1]) const {
      s[0] = math::fast_exp2(s[0] - V::load_aligned(m + at.row));
      T* of_tail = sums + row_lanes<T, Isa> * lanes<T, Isa> + at.row;
      (V::load_aligned(of_tail) + round_as<E, Isa>(s[0])).store_aligned(of_tail);
    }
  };

  // Sets to -inf what a row does not see in its first and its last register of stored scores.
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void hide_unseen(const score_block<T, E>& block, key_range columns) {
    if (is_empty(columns)) return;
    for (int r = 0; r < block.rows; ++r) {
      const key_range seen = intersect(block.seen[r], columns);
      if (!is_empty(seen))
        fill_outside<Isa>(block.scores + r * block.stride, seen.first, seen.last,
                          static_cast<T>(-__builtin_inf()));
    }
  }

  // Turns stored scores to weights and adds them to the sums.
  template <class Isa, class T, class E>
  SKIPMAX_NOINLINE static void exponentials(const T* m, T* sums, const score_block<T, E>& block,
                                            key_range columns) {
    using V = simd<T, Isa>;
    constexpr index W = lanes<T, Isa>, NR = register_block<T, Isa>::columns;
    if (is_empty(columns)) return;
    const exponential<Isa, T, E> of_row{m, sums};
    for (int r = 0; r < block.rows; ++r) {
      const key_range seen = intersect(block.seen[r], columns);
      T* row = block.scores + r * block.stride;
      E* to = block.weights + r * block.stride;
      for (index j = seen.first / NR * NR; j < seen.last; j += NR) {
        if (j + W < seen.last && j + W > seen.first) {
          V pair[2] = {V::load_aligned(row + j), V::load_aligned(row + j + W)};
          of_row(r, pair);
          store_packed(to + packed_elements<E>(j), pair);
        } else {
          const index at = j + W > seen.first ? j : j + W;
          V one[1] = {V::load_aligned(row + at)};
          of_row(r, one);
          store_packed(to + packed_elements<E>(at), one);
        }
      }
    }
  }

  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void exponentials_of_tail(const T* m, T* sums,
                                                  const score_block<T, E>& block,
                                                  key_range columns) {
    using V = simd<T, Isa>;
    constexpr int W = lanes<T, Isa>;
    const exponential<Isa, T, E> of_key{m, sums};
    packed_number_of<E> weight[W];
    for (index j = columns.first; j < columns.last; ++j)
      for (int r = 0; r < block.rows; r += W) {
        const int rows = block.rows - r < W ? block.rows - r : W;
        alignas(64) T score[W] = {};
        for (int i = 0; i < rows; ++i) score[i] = block.scores[(r + i) * block.stride + j];
        V of_rows[1] = {V::load_aligned(score)};
        of_key(rows_of_key{r, j}, of_rows);
        store_rounded<Isa, T>(weight, of_rows[0]);
        for (int i = 0; i < rows; ++i)
          set_packed(block.weights + (r + i) * block.stride, j, weight[i]);
      }
  }

  // Rows that see no key of their block's first tile get the lowest m. Later tiles are not checked
  // for sums that are too small, but with this m a row's first keys overflow, which sets m.
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void forget_unseen(T* state, const score_block<T, E>& block) {
    for (int r = 0; r < block.rows; ++r)
      if (is_empty(block.seen[r])) state[r] = lowest<T>;
  }

  // The rows, one bit each, whose sum shows that m will not do.
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static unsigned out_of_range(const T* sums, const score_block<T, E>& block) {
    using V = simd<T, Isa>;
    constexpr index W = lanes<T, Isa>;
    const V high(far<T>), low(1 / far<T>);
    const T* of_tail = sums + row_lanes<T, Isa> * W;
    V most(T(0)), least(high);
    for (int r = 0; r < block.rows; r += W) most = compat::max(most, V::load_aligned(of_tail + r));
    for (int r = 0; r < block.rows; ++r) {
      const V sum = V::load_aligned(sums + r * W);
      most = compat::max(most, sum);
      least = math::select(sum < least, sum, least);
    }
    if (xsimd::all(most <= high) && (!block.fresh || xsimd::all(least >= low))) return 0;
    unsigned found = 0;
    for (int r = 0; r < block.rows; ++r) {
      const V sum = V::load_aligned(sums + r * W);
      const bool starts = block.fresh && !is_empty(block.seen[r]);
      if (xsimd::any(sum > high) || of_tail[r] > far<T> ||
          (starts && xsimd::all(sum < low) && of_tail[r] < 1 / far<T>))
        found |= 1u << r;
    }
    return found;
  }

  // Raises m of the given rows to their largest stored score, or sets it if the block is fresh.
  // Multiplies their sums so far by 2^(m_old - m_new), which it leaves in rescale for the outputs.
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void set_references(T* state, const score_block<T, E>& block, unsigned rows,
                                            T* rescale) {
    using V = simd<T, Isa>;
    constexpr int R = row_lanes<T, Isa>, W = lanes<T, Isa>;
    constexpr T nothing = static_cast<T>(-__builtin_inf());
    alignas(64) T of_lanes[R * W], largest[R];
    for (int r = 0; r < R; ++r) {
      V most(nothing);
      if ((rows >> r & 1u) != 0) {
        if (block.fresh) state[r] = nothing;
        const key_range seen = block.seen[r];
        const T* row = block.scores + r * block.stride;
        for (index j = seen.first / W * W; j < seen.last; j += W)
          most = compat::max(most, V::load_aligned(row + j));
      }
      most.store_aligned(of_lanes + r * W);
    }
    reduce_rows<Isa>(of_lanes, R, largest,
                     [](auto a, auto b) SKIPMAX_LAMBDA { return compat::max(a, b); });
    for (int r = 0; r < R; r += W) {
      const V before = V::load_aligned(state + r);
      const V most = compat::max(before, V::load_aligned(largest + r));
      const V now = math::select(most > V(nothing), most, V(lowest<T>));
      now.store_aligned(state + r);
      if (!block.fresh) math::fast_exp2(before - now).store_aligned(rescale + r);
    }
    if (block.fresh) return;
    T *sums = state + R, *of_tail = sums + R * W;
    for (int r = 0; r < block.rows; ++r) scale_row<Isa>(sums + r * W, W, rescale[r]);
    for (int r = 0; r < block.rows; ++r) of_tail[r] *= rescale[r];
  }
};

}  // namespace v0
}  // namespace skipmax
