// Rotary position embedding (Su et al. 2021, arXiv 2104.09864): the elements of a row form points
// (a, b), each turned by an angle that grows with the position p of the row in its sequence:
//
//   a' = a cos(p w_x) - b sin(p w_x),   b' = b cos(p w_x) + a sin(p w_x),   x = 0 .. dim / 2 - 1
//
// (a, b) are elements x and x + dim / 2 in halves (GPT-NeoX, Hugging Face's LLaMA), 2 x and 2 x + 1
// in pairs (the paper, GPT-J). turns is [positions, dim]: for each position dim / 2 cosines, then
// their sines. rotary_turns() writes it for w_x = base^(-2 x / dim); for other angles write it
// yourself. If dim is less than the row's, the rest of the row stays as it is.
//
// p of a key is its index; p of a query is the index of the key at which it stands, as in masks and
// biases: negative before the first key. transform_rows() is told where each sequence starts.
#pragma once

#include <math.h>

#include <type_traits>

#include "skipmax/row/row_transform.hpp"
#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

enum class rotary_layout { halves, pairs };

template <class T>
struct rotary {
  const T* turns = nullptr;  // in the type of scores: double beside double, else float
  index positions = 0, dim = 0;
  rotary_layout layout = rotary_layout::halves;

  template <class Isa, class U>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const U> from, row_matrix<U> to,
                              index rows, index width) const {
    static_assert(std::is_same_v<T, U>,
                  "skipmax: rotary: turns are of another type than scores: wanted double beside "
                  "double, float beside all others");
    if constexpr (std::is_same_v<T, U>) {
      for (index r = 0; r < rows; ++r) {
        const index key = first.own_key + r, apart = key < 0 ? -key : key;
        const U* cosines = turns + (apart < positions ? apart : positions - 1) * dim;
        const U* sines = cosines + dim / 2;
        const U sign(key < 0 ? -1 : 1);
        const U* x = from.data + r * from.stride;
        U* y = to.data + r * to.stride;
        if (layout == rotary_layout::halves)
          turn_halves<Isa>(cosines, sines, sign, x, y);
        else
          for (index i = 0; i < dim / 2; ++i)
            turn(cosines[i], sign * sines[i], x[2 * i], x[2 * i + 1], y[2 * i], y[2 * i + 1]);
        for (index i = dim; i < width; ++i) y[i] = x[i];
      }
    }
  }

  SKIPMAX_INLINE void check(const problem&, const problem& p, index, index width,
                            error_message& error) const {
    if (dim < 0 || dim > width || dim % 2 != 0)
      error << "row rotary: dim: found " << dim << ", wanted an even number, at most " << width
            << ", the dim of a row";
    else if (const index most = p.query_length > p.key_length ? p.query_length : p.key_length;
             positions < most)
      error << "row rotary: positions: found " << positions << ", wanted at least " << most
            << ", the positions that rows may have";
    else if (!turns && positions > 0 && dim > 0)
      error << "row rotary: turns: found a null pointer, wanted [" << positions << ", " << dim
            << "]";
  }

 private:
  template <class V>
  SKIPMAX_INLINE static void turn(V cosine, V sine, V a, V b, V& new_a, V& new_b) {
    new_a = math::fma(a, cosine, -(b * sine));
    new_b = math::fma(b, cosine, a * sine);
  }

  template <class Isa, class U>
  SKIPMAX_INLINE void turn_halves(const U* cosines, const U* sines, U sign, const U* x,
                                  U* y) const {
    using V = simd<U, Isa>;
    const index half = dim / 2;
    index i = 0;
    for (; i + lanes<U, Isa> <= half; i += lanes<U, Isa>) {
      V a, b;
      turn(V::load_unaligned(cosines + i), V(sign) * V::load_unaligned(sines + i),
           V::load_unaligned(x + i), V::load_unaligned(x + half + i), a, b);
      a.store_unaligned(y + i), b.store_unaligned(y + half + i);
    }
    for (; i < half; ++i) turn(cosines[i], sign * sines[i], x[i], x[half + i], y[i], y[half + i]);
  }
};
template <class T, class... Sizes>
rotary(const T*, Sizes...) -> rotary<T>;

// turns[p, x] = cos(p w_x) and turns[p, dim / 2 + x] = sin(p w_x) for p = 0 .. positions - 1, with
// w_x = base^(-2 x / dim). Throws std::invalid_argument if a size is negative, dim odd, base not a
// finite number above 0, or turns null.
template <class T>
SKIPMAX_INLINE void rotary_turns(double base, index positions, index dim, T* turns) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "skipmax: rotary_turns: turns are neither of float nor of double");
  error_message error{};
  if (!(base > 0 && __builtin_isfinite(base) && __builtin_isfinite(1 / base)))
    error << "skipmax: rotary_turns: base: found " << base << ", wanted a finite number above 0";
  else if (positions < 0 || dim < 0 || dim % 2 != 0)
    error << "skipmax: rotary_turns: found " << positions << " positions of dim " << dim
          << ", wanted no negative number, and an even dim";
  else if (!turns && positions > 0 && dim > 0)
    error << "skipmax: rotary_turns: turns: found a null pointer, wanted [" << positions << ", "
          << dim << "]";
  throw_if(error);
  for (index x = 0; x < dim / 2; ++x) {
    const double angle = ::pow(base, -2.0 * static_cast<double>(x) / static_cast<double>(dim));
    for (index p = 0; p < positions; ++p) {
      turns[p * dim + x] = static_cast<T>(::cos(static_cast<double>(p) * angle));
      turns[p * dim + dim / 2 + x] = static_cast<T>(::sin(static_cast<double>(p) * angle));
    }
  }
}

}  // namespace v0
}  // namespace skipmax
