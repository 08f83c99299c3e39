// softmax with an attention sink: a learned number s_h for each head takes part in the sum, as the
// score of a key whose value is zero would. This lets a row attend to nothing.
//
//   weight_j = exp(s_j) / (exp(s_h) + sum_l exp(s_l))
//
// s_h is used as it is, with no scale, cap, bias or score function. -inf means no sink. A row that
// sees no key is zero. Sources: gpt-oss (OpenAI 2025, arXiv 2508.10925); with s_h = 0 this is the
// softmax of "Attention is off by one" (Miller 2023).
//
//   const float learned[8] = {..};
//   softmax_attention{}.with(causal{}).with(softmax_with_sinks{learned, 8})
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/normalize/softmax.hpp"

namespace skipmax {
inline namespace v0 {

struct softmax_with_sinks : softmax {
  const float* sinks = nullptr;  // [heads of q], in units of natural logarithms as scores are
  index heads = 0;

  SKIPMAX_INLINE constexpr softmax_with_sinks() = default;
  SKIPMAX_INLINE constexpr softmax_with_sinks(const float* of_heads, index number)
      : sinks(of_heads), heads(number) {}

  template <class Isa, class T>
  SKIPMAX_INLINE void finish(const T* state, index head, T* factor) const {
    for (int r = 0; r < row_lanes<T, Isa>; ++r) {
      T kept[2];
      keep<Isa>(state, r, kept);
      factor[r] = finish_kept(kept, head);
    }
  }

  // A row that saw keys has a factor above 0, however large the sink: 0 marks a row that saw none.
  template <class T>
  SKIPMAX_INLINE T finish_kept(const T* kept, index head) const {
    if (kept[1] == T(0)) return T(0);
    const T sink = static_cast<T>(score_factor * static_cast<double>(sinks[head]));
    const T factor = T(1) / (math::fast_exp2(sink - kept[0]) + kept[1]);
    return factor == T(0) ? static_cast<T>(compat::format<T>::smallest_normal) : factor;
  }

  template <class Mask>
  SKIPMAX_INLINE void check(const problem& p, const Mask&, error_message& error) const {
    if (heads != p.heads) {
      error << "normalizer softmax_with_sinks: found " << heads
            << " sinks, wanted one for each of the " << p.heads << " heads of q";
      return;
    }
    if (!sinks && heads > 0) {
      error << "normalizer softmax_with_sinks: sinks: found a null pointer, wanted [" << heads
            << "]";
      return;
    }
    for (index h = 0; h < heads; ++h)
      if (!(sinks[h] < __builtin_inff())) {
        error << "normalizer softmax_with_sinks: sinks[" << h << "]: found "
              << static_cast<double>(sinks[h]) << ", wanted a number below infinity";
        return;
      }
  }
};

}  // namespace v0
}  // namespace skipmax
