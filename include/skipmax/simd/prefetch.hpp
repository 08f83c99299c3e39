// Prefetches rows of a view while other work goes on. What is read next is known long before it is
// needed, and no hardware prefetcher follows from one head to the next.
#pragma once

#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

enum class cache_level { l2, l1, l1_to_write };

// Rows still to be prefetched. Rows without gaps between them are treated as rows of 256 bytes.
struct upcoming_rows {
  static constexpr int block = 256;

  std::uintptr_t address = 0;  // an integer because it runs past the rows
  index rows = 0, row_bytes = 0, stride_bytes = 0;
  index part = 0;

  SKIPMAX_INLINE void divide(index steps) { part = ceil_div(rows, steps); }

  template <cache_level To>
  SKIPMAX_INLINE void fetch_part() {
    index count = part < rows ? part : rows;
    rows -= count;
    if (row_bytes == block)
      for (; count > 0; --count, address += static_cast<std::uintptr_t>(stride_bytes))
        fetch_block<To>(address);
    else
      for (; count > 0; --count, address += static_cast<std::uintptr_t>(stride_bytes))
        fetch_row<To>();
  }

 private:
  template <cache_level To>
  SKIPMAX_INLINE static void fetch(std::uintptr_t at) {
    __builtin_prefetch(reinterpret_cast<const void*>(at), To == cache_level::l1_to_write,
                       To == cache_level::l2 ? 2 : 3);
  }
  template <cache_level To>
  SKIPMAX_INLINE void fetch_row() const {
    const auto bytes = static_cast<std::uintptr_t>(row_bytes);
    std::uintptr_t x = 0;
    for (; x + block <= bytes; x += block) fetch_block<To>(address + x);
    for (; x < bytes; x += 64) fetch<To>(address + x);
  }
  template <cache_level To>
  SKIPMAX_INLINE static void fetch_block(std::uintptr_t at) {
    fetch<To>(at), fetch<To>(at + 64), fetch<To>(at + 128), fetch<To>(at + 192);
  }
};

template <class T>
SKIPMAX_INLINE upcoming_rows upcoming(row_matrix<T> from, index rows, index dim) {
  constexpr index bytes = sizeof(T), block = upcoming_rows::block;
  const auto address = reinterpret_cast<std::uintptr_t>(from.data);
  if (from.stride == dim) return {address, ceil_div(rows * dim * bytes, block), block, block};
  return {address, rows, dim * bytes, wrapped_product(from.stride, bytes)};
}

// Prefetches the cache line `ahead` elements after `at`, which may lie outside all memory, into L1.
template <class T>
SKIPMAX_INLINE void fetch_line(const T* at, index ahead) {
  constexpr index bytes = sizeof(T);
  const std::uintptr_t line = reinterpret_cast<std::uintptr_t>(at) +
                              static_cast<std::uintptr_t>(wrapped_product(ahead, bytes));
  __builtin_prefetch(reinterpret_cast<const void*>(line), 0, 3);
}

// All that the next step will read.
struct upcoming_reads {
  upcoming_rows q, k, v;

  // Divides it into `steps` equal parts; each fetch_part() prefetches the next one. Parts should be
  // small: the cache can wait for only so many lines.
  SKIPMAX_INLINE void divide(index steps) { q.divide(steps), k.divide(steps), v.divide(steps); }
  template <cache_level To>
  SKIPMAX_INLINE void fetch_part() {
    q.fetch_part<To>(), k.fetch_part<To>(), v.fetch_part<To>();
  }
};

// What the last step of a row block will read and write.
struct upcoming_finish {
  upcoming_rows gate, out;
};

// Prefetches a few rows at once into L1.
template <class T>
SKIPMAX_INLINE void fetch_rows(row_matrix<const T> from, index rows, index dim) {
  upcoming_rows all = upcoming(from, rows, dim);
  all.divide(1);
  all.fetch_part<cache_level::l1>();
}

}  // namespace v0
}  // namespace skipmax
