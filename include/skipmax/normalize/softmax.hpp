// softmax over the keys of a row, in one pass over tiles of keys (Milakov and Gimelshein 2018).
//
//   weight_j = 2^(s_j - m) / sum_i 2^(s_i - m),  scores in units of log2(e)
//
// A row carries a reference m and the sum. Any m is right that neither overflows nor underflows, and
// the largest score of the first keys nearly always is: so the exponential is taken in the
// accumulators of q k^T, with no look at the maximum. Only where a row's sum over a tile shows a score
// far above m is that row's m raised, output and sum so far multiplied by 2^(m_old - m_new), and the
// tile done again. The division waits for the end. A row whose scores are all -inf is zero.
#pragma once

#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/simd/row_ops.hpp"

namespace skipmax {
inline namespace v0 {

struct softmax {
  static constexpr bool pointwise = false;
  static constexpr bool packs_weights = true;
  static constexpr double score_factor = 1.4426950408889634074;  // log2(e)

  // m [row_lanes], then the sums, lane by lane [row_lanes][lanes].
  template <class Isa, class T>
  static constexpr index state_size = row_lanes<T, Isa>*(1 + lanes<T, Isa>);

  template <class Isa, class T>
  SKIPMAX_INLINE void clear(T* state) const {
    for (int r = 0; r < row_lanes<T, Isa>; ++r) state[r] = lowest<T>();
    clear_row<Isa>(state + row_lanes<T, Isa>, row_lanes<T, Isa> * lanes<T, Isa>);
  }

  template <class Isa, class T, class Scorer>
  SKIPMAX_NOINLINE bool absorb(T* state, const Scorer& score, T* rescale) const {
    constexpr int R = row_lanes<T, Isa>, W = lanes<T, Isa>;
    const auto& block = score.block;
    const key_range middle = in_accumulators<Isa, Scorer>(block);
    const key_range left{block.any.first, middle.first}, right{middle.last, block.any.last};
    alignas(64) T of_tile[R * W];
    T* const so_far = state + R;
    T* const sums = block.fresh ? so_far : of_tile;  // so_far is zero then
    if (!block.fresh) clear_row<Isa>(sums, R * W);

    score(left.first, left.last);
    score(right.first, right.last);
    hide_unseen<Isa>(block, left);
    hide_unseen<Isa>(block, right);
    if (block.fresh) raise<Isa>(state, block, left, every_row, rescale);
    score.with_epilogue(middle.first, middle.last, block.weights, exponential<Isa, T>{state, sums});
    exponentials<Isa>(state, sums, block, left);
    exponentials<Isa>(state, sums, block, right);

    const unsigned high = far_above<Isa>(sums, block.rows);
    if (high != 0) {
      score(block.any.first, block.any.last);
      hide_unseen<Isa>(block, block.any);
      raise<Isa>(state, block, block.any, high, rescale);
      clear_row<Isa>(sums, R * W);
      exponentials<Isa>(state, sums, block, middle);  // the order of the sum stays
      exponentials<Isa>(state, sums, block, left);
      exponentials<Isa>(state, sums, block, right);
    }
    if (!block.fresh) add_row<Isa>(so_far, sums, block.rows * W);
    return high != 0 && !block.fresh;
  }

  template <class Isa, class T>
  SKIPMAX_INLINE void finish(const T* state, T* factor) const {
    constexpr int R = row_lanes<T, Isa>;
    reduce_rows<Isa>(state + R, R, factor, [](auto a, auto b) SKIPMAX_LAMBDA { return a + b; });
    for (int r = 0; r < R; ++r) factor[r] = factor[r] == T(0) ? T(0) : T(1) / factor[r];
  }

  // What a part over some of the keys keeps of row r beside its output: m and the sum.
  template <class Isa, class T>
  SKIPMAX_INLINE void keep(const T* state, int r, T* kept) const {
    alignas(64) T of_lanes[lanes<T, Isa>];
    simd<T, Isa>::load_aligned(state + row_lanes<T, Isa> + r * lanes<T, Isa>)
        .store_aligned(of_lanes);
    kept[0] = state[r], kept[1] = T(0);
    for (int i = 0; i < lanes<T, Isa>; ++i) kept[1] += of_lanes[i];
  }

  template <class T>
  SKIPMAX_INLINE void keep_nothing(T* kept) const {
    kept[0] = lowest<T>(), kept[1] = T(0);
  }

  // Takes in what another part kept; the outputs of the two are to be multiplied by factors[0] and [1].
  template <class Isa, class T>
  SKIPMAX_INLINE void merge(T* kept, const T* other, T* factors) const {
    using V = simd<T, Isa>;
    alignas(64) T of_lanes[lanes<T, Isa>];
    const T m = kept[0] < other[0] ? other[0] : kept[0];
    math::exp2_nonpositive(V(kept[0] - m)).store_aligned(of_lanes);
    factors[0] = of_lanes[0];
    math::exp2_nonpositive(V(other[0] - m)).store_aligned(of_lanes);
    factors[1] = of_lanes[0];
    kept[0] = m, kept[1] = kept[1] * factors[0] + other[1] * factors[1];
  }

  template <class T>
  SKIPMAX_INLINE T finish_kept(const T* kept) const {
    return kept[1] == T(0) ? T(0) : T(1) / kept[1];
  }

 private:
  static constexpr unsigned every_row = ~0u;
  // Scores up to 13 above m in natural units are as good as m. Far from overflow, and rare to reach:
  // a tile that reaches it is scored twice.
  static constexpr int far = 1 << 20;

  // Before any key: finite, so that -inf - m is -inf and not NaN.
  template <class T>
  SKIPMAX_INLINE static constexpr T lowest() {
    return sizeof(T) == 4 ? static_cast<T>(-1.7e38) : static_cast<T>(-8e307);
  }

  // Columns whose scores need not be stored first: whole panels that all rows see, but for the first
  // panel of a fresh block, from which m is taken.
  template <class Isa, class Scorer, class T, class E>
  SKIPMAX_INLINE static key_range in_accumulators(const score_block<T, E>& block) {
    constexpr index NR = register_block<T, Isa>::columns;
    const index first = (block.all.first + NR - 1) / NR * NR + (block.fresh ? NR : 0);
    const index last = block.all.last / NR * NR;
    if (!Scorer::raw || first >= last) return {block.any.last, block.any.last};
    return {first, last};
  }

  // Epilogue of q k^T: scores to weights, and their sum to the row's.
  template <class Isa, class T>
  struct exponential {
    const T* m;  // [rows]
    T* sums;     // [rows][lanes]

    template <class V, std::size_t NV>
    SKIPMAX_INLINE void operator()(int r, V (&s)[NV]) const {
      const V reference(m[r]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < NV; ++v) s[v] = math::exp2_nonpositive(s[v] - reference);
      V sum = s[0];
#pragma GCC unroll 2
      for (std::size_t v = 1; v < NV; ++v) sum = sum + s[v];
      T* at = sums + r * lanes<T, Isa>;
      (V::load_aligned(at) + sum).store_aligned(at);
    }
  };

  // What a row does not see in its first and last register of stored columns gets weight 0.
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void hide_unseen(const score_block<T, E>& block, key_range columns) {
    if (columns.first >= columns.last) return;
    for (int r = 0; r < block.rows; ++r) {
      const key_range seen = cut(block.seen[r], columns);
      if (seen.first < seen.last)
        fill_outside<Isa>(block.scores + r * block.stride, seen.first, seen.last,
                          static_cast<T>(-__builtin_inf()));
    }
  }

  // Stored scores to weights.
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void exponentials(const T* m, T* sums, const score_block<T, E>& block,
                                          key_range columns) {
    using V = simd<T, Isa>;
    constexpr index W = lanes<T, Isa>, NR = register_block<T, Isa>::columns;
    if (columns.first >= columns.last) return;
    const exponential<Isa, T> of_row{m, sums};
    for (int r = 0; r < block.rows; ++r) {
      const key_range seen = cut(block.seen[r], columns);
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

  SKIPMAX_INLINE static key_range cut(key_range a, key_range b) {
    return {a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last};
  }

  // Rows, one bit each, with a sum that no tile of scores near m can reach.
  template <class Isa, class T>
  SKIPMAX_INLINE static unsigned far_above(const T* sums, int rows) {
    using V = simd<T, Isa>;
    const V bound(static_cast<T>(far));
    V most(T(0));
    for (int r = 0; r < rows; ++r)
      most = compat::max(most, V::load_aligned(sums + r * lanes<T, Isa>));
    unsigned found = 0;
    if (xsimd::any(most > bound))
      for (int r = 0; r < rows; ++r)
        if (xsimd::any(V::load_aligned(sums + r * lanes<T, Isa>) > bound)) found |= 1u << r;
    return found;
  }

  // m = max(m, stored scores in `columns`) for the rows asked for; their sums, and rescale for their
  // outputs, by 2^(m_old - m_new).
  template <class Isa, class T, class E>
  SKIPMAX_INLINE static void raise(T* state, const score_block<T, E>& block, key_range columns,
                                   unsigned rows, T* rescale) {
    using V = simd<T, Isa>;
    constexpr int R = row_lanes<T, Isa>, W = lanes<T, Isa>;
    alignas(64) T of_lanes[R * W], largest[R];
    for (int r = 0; r < R; ++r) {
      V most(static_cast<T>(-__builtin_inf()));
      const key_range seen = r < block.rows ? cut(block.seen[r], columns) : key_range{};
      T* row = block.scores + r * block.stride;
      if (seen.first < seen.last && (rows >> r & 1u) != 0)
        for (index j = seen.first / W * W; j < seen.last; j += W)
          most = compat::max(most, V::load_aligned(row + j));
      most.store_aligned(of_lanes + r * W);
    }
    reduce_rows<Isa>(of_lanes, R, largest,
                     [](auto a, auto b) SKIPMAX_LAMBDA { return compat::max(a, b); });
    for (int r = 0; r < R; r += W) {
      const V before = V::load_aligned(state + r);
      const V here = V::load_aligned(largest + r);
      const V now = block.fresh
                        ? math::select(here > V(static_cast<T>(-__builtin_inf())), here, before)
                        : compat::max(before, here);
      now.store_aligned(state + r);
      if (!block.fresh) math::exp2_nonpositive(before - now).store_aligned(rescale + r);
    }
    if (!block.fresh)
      for (int r = 0; r < block.rows; ++r) scale_row<Isa>(state + R + r * W, W, rescale[r]);
  }
};

}  // namespace v0
}  // namespace skipmax
