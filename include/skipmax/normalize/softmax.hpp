// softmax over the keys of a row, in one pass over tiles of keys (Milakov and Gimelshein 2018).
//
//   weight_j = exp(s_j - m) / sum_i exp(s_i - m),  m = the largest score so far
//
// A row carries m and the sum. When a tile raises m, sum and output so far are multiplied by
// exp(m_old - m_new). The division waits for the end. A row whose scores are all -inf is zero.
#pragma once

#include "skipmax/normalize/row_normalizer.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/simd/row_ops.hpp"

namespace skipmax {
inline namespace v0 {

struct softmax {
  static constexpr int state_size = 2;  // m, sum

  template <class Isa, class T>
  SKIPMAX_INLINE void clear(T* state) const {
    constexpr int R = row_lanes<T, Isa>;
    for (int r = 0; r < R; ++r) state[r] = lowest<T>(), state[R + r] = T(0);
  }

  template <class Isa, class T>
  SKIPMAX_NOINLINE bool absorb(T* state, const score_block<T>& block) const {
    constexpr int R = row_lanes<T, Isa>;
    alignas(64) T of_lanes[R * lanes<T, Isa>], of_row[R];
    for (int r = 0; r < R; ++r) row_maxima<Isa>(of_lanes + r * lanes<T, Isa>, block, r);
    reduce_rows<Isa>(of_lanes, R, of_row,
                     [](auto a, auto b) SKIPMAX_LAMBDA { return compat::max(a, b); });
    const bool moved = raise<Isa>(state, of_row, block.rescale);
    for (int r = 0; r < R; ++r) exponentials<Isa>(of_lanes + r * lanes<T, Isa>, block, r, state[r]);
    reduce_rows<Isa>(of_lanes, R, of_row, [](auto a, auto b) SKIPMAX_LAMBDA { return a + b; });
    for (int r = 0; r < R; ++r) state[R + r] += of_row[r];
    return moved;
  }

  template <class Isa, class T>
  SKIPMAX_INLINE void finish(const T* state, T* factor) const {
    constexpr int R = row_lanes<T, Isa>;
    for (int r = 0; r < R; ++r) factor[r] = state[R + r] == T(0) ? T(0) : T(1) / state[R + r];
  }

 private:
  static constexpr double log2_e = 1.4426950408889634074;

  // Below every finite score that can matter, and finite, so that -inf - m is -inf and not NaN.
  template <class T>
  static constexpr T lowest() {
    return sizeof(T) == 4 ? static_cast<T>(-1.7e38) : static_cast<T>(-8e307);
  }

  // Lane-wise maxima of one row; what the row does not see in its first and last register becomes
  // -inf and so gets weight zero.
  template <class Isa, class T>
  SKIPMAX_INLINE static void row_maxima(T* result, const score_block<T>& block, int r) {
    using V = simd<T, Isa>;
    constexpr index W = lanes<T, Isa>;
    V largest(lowest<T>());
    if (r < block.rows && block.seen[r].first < block.seen[r].last) {
      T* row = block.scores + r * block.stride;
      const key_range seen = block.seen[r];
      fill_outside<Isa>(row, seen.first, seen.last, static_cast<T>(-__builtin_inf()));
      for (index j = seen.first / W * W; j < seen.last; j += W)
        largest = compat::max(largest, V::load_aligned(row + j));
    }
    largest.store_aligned(result);
  }

  // m = max(m, tile); sum and rescale by exp(m_old - m_new). True if any output must be rescaled.
  template <class Isa, class T>
  SKIPMAX_INLINE static bool raise(T* state, const T* tile, T* rescale) {
    using V = simd<T, Isa>;
    constexpr int R = row_lanes<T, Isa>;
    bool moved = false;
    for (int r = 0; r < R; r += lanes<T, Isa>) {
      const V before = V::load_aligned(state + r), sum = V::load_aligned(state + R + r);
      const V now = math::max(before, V::load_aligned(tile + r));
      const V factor = math::exp2_nonpositive((before - now) * V(static_cast<T>(log2_e)));
      moved |= xsimd::any((now > before) && (sum > V(T(0))));
      now.store_aligned(state + r);
      (sum * factor).store_aligned(state + R + r);
      factor.store_aligned(rescale + r);
    }
    return moved;
  }

  // Scores to exp(s - m), and their lane-wise sums.
  template <class Isa, class T>
  SKIPMAX_INLINE static void exponentials(T* result, const score_block<T>& block, int r, T m) {
    using V = simd<T, Isa>;
    constexpr index W = lanes<T, Isa>;
    const V log2e(static_cast<T>(log2_e)), offset(-m * static_cast<T>(log2_e));
    V sum(T(0));
    if (r < block.rows) {
      T* row = block.scores + r * block.stride;
      const key_range seen = block.seen[r];
      for (index j = seen.first / W * W; j < seen.last; j += W) {
        const V weight = math::exp2_nonpositive(math::fma(V::load_aligned(row + j), log2e, offset));
        weight.store_aligned(row + j);
        sum += weight;
      }
    }
    sum.store_aligned(result);
  }
};

}  // namespace v0
}  // namespace skipmax
