// Applies a row transform to every row of a tensor [batch, length, heads, dim] of any strides and
// any alignment, outside an attention:
//
//   transform_rows(transform, x, out)               on the caller's thread
//   transform_rows(transform, x, out, executor)
//   transform_rows(transform, x, out, starts)
//   transform_rows(transform, x, out, starts, executor)
//
// out has the shape of x and may be x itself. With starts [batch], row l of sequence b is at key
// starts[b] + l, otherwise at key l. To rotate new rows that follow those in a cache, pass its
// lengths() as starts, or lengths() + b for sequence b alone. For a norm over all heads together,
// as in ReLA (Zhang et al. 2021, arXiv 2104.07012), view x as [batch, length, 1, heads * dim].
#pragma once

#include <type_traits>

#include "skipmax/check_views.hpp"
#include "skipmax/execution/executor.hpp"
#include "skipmax/execution/serial.hpp"
#include "skipmax/row/row_transform.hpp"
#include "skipmax/simd/isa.hpp"
#include "skipmax/workspace.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// How x is divided into tasks: blocks of rows of one head, small enough for the L1 cache.
struct row_tasks {
  index block = 0, blocks = 0, tasks = 0;
  index stride = 0;  // of a row in the scratch, in elements
};

template <class Isa, class T>
SKIPMAX_INLINE row_tasks divide_rows(const tensor_view<const T>& x) {
  constexpr index W = lanes<T, Isa>, cached = 16384 / static_cast<index>(sizeof(T));
  row_tasks t{};
  t.stride = round_up(x.dim, W);
  t.block = cached / t.stride < 1 ? 1 : cached / t.stride;
  if (t.block > x.length) t.block = x.length;
  t.blocks = ceil_div(x.length, t.block);
  t.tasks = t.blocks * x.heads * x.batch;
  return t;
}

// One task, through the scratch, where rows are aligned and padded with zeros.
template <class Isa, class T, class R>
SKIPMAX_NOINLINE void transform_task(const R& transform, const tensor_view<const T>& x,
                                     const tensor_view<T>& out, const index* starts,
                                     const row_tasks& t, index task, T* scratch) {
  const index l = task % t.blocks * t.block, h = task / t.blocks % x.heads;
  const index b = task / t.blocks / x.heads, rows = x.length - l < t.block ? x.length - l : t.block;
  const auto bytes = static_cast<std::size_t>(x.dim) * sizeof(T);
  for (index r = 0; r < rows; ++r) {
    T* row = scratch + r * t.stride;
    __builtin_memcpy(row, x.row(b, l + r, h), bytes);
    for (index i = x.dim; i < t.stride; ++i) row[i] = T(0);
  }
  const row_place first{b, h, l, l + (starts ? starts[b] : 0)};
  transform.template forward<Isa, T>(first, row_matrix<const T>{scratch, t.stride},
                                     row_matrix<T>{scratch, t.stride}, rows, x.dim);
  for (index r = 0; r < rows; ++r)
    __builtin_memcpy(out.row(b, l + r, h), scratch + r * t.stride, bytes);
}

// x and out are one tensor. The stride of an axis of one element does not matter.
template <class T>
SKIPMAX_INLINE bool is_same(const tensor_view<const T>& x, const tensor_view<T>& out) {
  return x.data == out.data && (x.batch < 2 || x.batch_stride == out.batch_stride) &&
         (x.length < 2 || x.length_stride == out.length_stride) &&
         (x.heads < 2 || x.head_stride == out.head_stride);
}

template <class Isa, class T, class R>
SKIPMAX_NOINLINE void check_transform(const R& transform, const tensor_view<const T>& x,
                                      const tensor_view<T>& out, const index* starts, index workers,
                                      error_message& error) {
  check_view<Isa>("x", x, error);
  check_view<Isa>("out", out, error);
  check_size<Isa>("out", "batch", out, out.batch, x.batch, "the batch of x", error);
  check_size<Isa>("out", "length", out, out.length, x.length, "the length of x", error);
  check_size<Isa>("out", "heads", out, out.heads, x.heads, "the heads of x", error);
  check_size<Isa>("out", "dim", out, out.dim, x.dim, "the dim of x", error);
  check_writable<Isa>(out, error);
  if (!is_same(x, out)) check_apart<Isa>("x", x, out, error);
  check_workers<Isa>(workers, error);
  if (!error.empty()) return;
  index last = 0;
  for (index b = 0; starts && b < x.batch; ++b) {
    constexpr index far = index{1} << 62;
    if (starts[b] < 0 || starts[b] > far)
      return void(error << "skipmax: transform_rows: starts[" << b << "]: found " << starts[b]
                        << ", wanted 0 to 2^62");
    if (starts[b] > last) last = starts[b];
  }
  index keys;
  if (__builtin_add_overflow(last, x.length, &keys)) keys = __INT64_MAX__;
  error_message found{};
  const problem p{x.batch, x.length, keys, x.heads, x.heads, x.dim, x.dim};
  check_rows(transform, p, p, x.heads, x.dim, found);
  if (!found.empty()) error << "skipmax: " << found.text;
}

}  // namespace detail

// x and out are both tensor_views of float or both of double. Throws std::invalid_argument before
// anything is written.
template <row_transform R, class X, class T, class Executor = serial, class Isa = native_isa>
SKIPMAX_INLINE void transform_rows(const R& transform, const tensor_view<X>& x,
                                   const tensor_view<T>& out, const index* starts,
                                   Executor&& run = {}, Isa = {}) {
  static_assert(std::is_same_v<std::remove_const_t<X>, std::remove_const_t<T>>,
                "skipmax: transform_rows: x and out differ in element type: wanted both float or "
                "both double");
  static_assert(!std::is_const_v<T>,
                "skipmax: transform_rows: out is a view of const elements: wanted one that can be "
                "written");
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "skipmax: transform_rows: the element type is neither float nor double");
  const tensor_view<const T> from = x;
  const index workers = workers_of(run);
  error_message error{};
  detail::check_transform<Isa, T>(transform, from, out, starts, workers, error);
  throw_if(error);
  if (is_empty(from)) return;
  const detail::row_tasks t = detail::divide_rows<Isa>(from);
  const index slice = t.block * t.stride;
  workspace scratch;
  scratch.reserve(slice * static_cast<index>(sizeof(T)) * workers);
  T* slices = static_cast<T*>(scratch.data());
  run.for_each_task(t.tasks, [&](index task, int worker) SKIPMAX_LAMBDA {
    detail::transform_task<Isa, T>(transform, from, out, starts, t, task,
                                   slice_of_worker(slices, slice, worker, workers));
  });
}

template <row_transform R, class X, class T, class Executor = serial, class Isa = native_isa>
requires(!std::is_convertible_v<Executor, const index*> && std::is_empty_v<Isa>) SKIPMAX_INLINE
    void transform_rows(const R& transform, const tensor_view<X>& x, const tensor_view<T>& out,
                        Executor&& run = {}, Isa isa = {}) {
  static_assert(
      executor<std::remove_reference_t<Executor>>,
      "skipmax: transform_rows: what follows out is neither starts nor an executor: wanted "
      "a pointer to skipmax::index, 64 bits wide, or serial{}, a thread_pool, ..");
  transform_rows(transform, x, out, static_cast<const index*>(nullptr),
                 static_cast<Executor&&>(run), isa);
}

template <row_transform R, class X, class T, class Starts, class Executor>
requires(!std::is_convertible_v<Starts, const index*> &&
         !std::is_empty_v<std::remove_cvref_t<Executor>>) SKIPMAX_INLINE
    void transform_rows(const R& transform, const tensor_view<X>& x, const tensor_view<T>& out,
                        Starts&& starts, Executor&&) {
  transform_rows(transform, x, out, static_cast<Starts&&>(starts));  // says what is wrong
}

template <row_transform R, class X, class Out, class... Rest>
requires(!is_tensor_view<X> || !is_tensor_view<Out>) SKIPMAX_INLINE
    void transform_rows(const R&, const X&, const Out&, Rest&&...) {
  static_assert(
      is_tensor_view<X> && is_tensor_view<Out>,
      "skipmax: transform_rows takes tensor_views: wrap x and out, as in as_blhd(x) for an "
      "Eigen tensor or blhd(pointer, batch, length, heads, dim)");
}

}  // namespace v0
}  // namespace skipmax
