// The result of attention over some of the keys: for each row of out, the sum of weight times value
// before any divisor and, for softmax, what it takes to merge two such parts.
//
//   rows [batch][heads][query length][value dim rounded up to 16, then 16]
//   each row: the sums, padded with zeros, then two numbers, padded with zeros
//
// These are plain numbers, so a part can be sent to where it is merged: resize() there to the same
// sizes and copy size() numbers. attention::merge merges parts, attention::finish computes out.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/workspace.hpp"

namespace skipmax {
inline namespace v0 {

inline constexpr index part_width_step =
    16;  // elements: the widest register of any instruction set

SKIPMAX_INLINE constexpr index part_width(index value_dim) {
  return round_up(value_dim, part_width_step);
}
SKIPMAX_INLINE constexpr index part_stride(index value_dim) {
  return part_width(value_dim) + part_width_step;
}

// One row of a part.
template <class T>
struct part_row {
  T* sums;  // [part_width], zeros beyond the value dim
  // [2]: for softmax the reference m (a score times log2 e) and the sum of 2^(score log2 e - m),
  // otherwise the number of hidden keys, if counted, split into two that float holds exactly.
  T* kept;
};
template <class T>
SKIPMAX_INLINE part_row<T> part_row_at(T* row, index value_dim) {
  return {row, row + part_width(value_dim)};
}

inline constexpr index hidden_step = 1 << 20;
template <class T>
SKIPMAX_INLINE index hidden_of(const T* kept) {
  return static_cast<index>(kept[1]) * hidden_step + static_cast<index>(kept[0]);
}
template <class T>
SKIPMAX_INLINE void keep_hidden(T* kept, index count) {
  kept[0] = static_cast<T>(count % hidden_step), kept[1] = static_cast<T>(count / hidden_step);
}

template <class T>
class partial {
 public:
  SKIPMAX_INLINE partial() = default;
  SKIPMAX_INLINE partial(partial&& other) noexcept
      : memory_(static_cast<workspace&&>(other.memory_)), sizes_(other.sizes_) {
    other.sizes_ = {};
  }
  SKIPMAX_INLINE partial& operator=(partial&& other) noexcept {
    const problem sizes = sizes_;
    memory_ = static_cast<workspace&&>(other.memory_);  // swaps the two
    sizes_ = other.sizes_;
    other.sizes_ = sizes;
    return *this;
  }
  SKIPMAX_INLINE ~partial() = default;

  // The sizes of the attention; key_length counts all keys, not only those of this part.
  SKIPMAX_INLINE const problem& sizes() const { return sizes_; }
  SKIPMAX_INLINE T* data() { return static_cast<T*>(memory_.data()); }
  SKIPMAX_INLINE const T* data() const { return static_cast<const T*>(memory_.data()); }
  SKIPMAX_INLINE index rows() const { return sizes_.batch * sizes_.heads * sizes_.query_length; }
  SKIPMAX_INLINE index size() const { return rows() * part_stride(sizes_.value_dim); }

  // Sets all numbers to zero; the old ones are lost. Allocates only to grow. If a size is negative
  // or the bytes do not fit 64 bits, throws std::invalid_argument and changes nothing. If memory is
  // short, throws std::bad_alloc and leaves the part empty.
  SKIPMAX_INLINE void resize(const problem& sizes) {
    check(sizes);
    sizes_ = {};
    const index numbers =
        sizes.batch * sizes.heads * sizes.query_length * part_stride(sizes.value_dim);
    memory_.reserve(numbers * static_cast<index>(sizeof(T)));
    for (index i = 0; i < numbers; ++i) data()[i] = T(0);
    sizes_ = sizes;
  }

 private:
  SKIPMAX_INLINE static void check(const problem& sizes) {
    const index all[] = {sizes.batch, sizes.heads, sizes.query_length, sizes.value_dim};
    double bytes = sizeof(T) * 2 * part_width_step;
    bool is_negative = false;
    for (const index size : all) {
      is_negative = is_negative || size < 0;
      bytes *= static_cast<double>(size < 1 ? 1 : size);
    }
    if (!is_negative && bytes < 0x1p60) return;
    error_message error{};
    error << "skipmax: partial: resize: found "
          << tensor_shape{{sizes.batch, sizes.heads, sizes.query_length, sizes.value_dim}}
          << " of [batch, heads, query length, value dim], wanted "
          << (is_negative ? "no negative size" : "a size that fits 64 bits");
    throw_if(error);
  }

  workspace memory_;
  problem sizes_{};
};

// The keys that a call holds: those from position `first` on, out of key_length in all.
struct key_shard {
  index first = 0, key_length = 0;
};

}  // namespace v0
}  // namespace skipmax
