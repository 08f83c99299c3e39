// Checks of the views of a call and of the numbers in an attention's slots.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

template <class T>
SKIPMAX_INLINE tensor_shape shape_of(const tensor_view<T>& x) {
  return {{x.batch, x.length, x.heads, x.dim}};
}

inline constexpr index largest_dim = index{1} << 32;

// The bytes from the first to one past the last element, as offsets from data; false on overflow.
template <class T>
SKIPMAX_INLINE bool byte_range(const tensor_view<T>& x, index& first, index& last) {
  constexpr index bytes = sizeof(T);
  const index extent[] = {x.batch, x.length, x.heads};
  const index stride[] = {x.batch_stride, x.length_stride, x.head_stride};
  first = 0;
  if (__builtin_mul_overflow(x.dim, bytes, &last)) return false;
  for (int axis = 0; axis < 3; ++axis) {
    index reach;
    if (__builtin_mul_overflow(extent[axis] - 1, stride[axis], &reach) ||
        __builtin_mul_overflow(reach, bytes, &reach))
      return false;
    index& end = reach < 0 ? first : last;
    if (__builtin_add_overflow(end, reach, &end)) return false;
  }
  index span;
  return !__builtin_sub_overflow(last, first, &span);
}

// No size is negative, the number of elements and every offset fit 64 bits, dim is not too large,
// data is not null unless the view is empty.
template <class Isa, class T>
SKIPMAX_NOINLINE void check_view(const char* name, const tensor_view<T>& x, error_message& error) {
  if (!error.empty()) return;
  index elements = x.batch, first, last;
  if (x.batch < 0 || x.length < 0 || x.heads < 0 || x.dim < 0) {
    error << "skipmax: " << name << ": shape: found " << shape_of(x) << ", wanted no negative size";
  } else if (__builtin_mul_overflow(elements, x.length, &elements) ||
             __builtin_mul_overflow(elements, x.heads, &elements) ||
             __builtin_mul_overflow(elements, x.dim, &elements) ||
             (!is_empty(x) && !byte_range(x, first, last))) {
    error << "skipmax: " << name << ": shape: found " << shape_of(x) << " with strides ["
          << x.batch_stride << ", " << x.length_stride << ", " << x.head_stride
          << "], wanted a size that fits 64 bits";
  } else if (x.dim > largest_dim) {
    error << "skipmax: " << name << ": dim: found " << x.dim << ", wanted at most " << largest_dim
          << ", so that the scratch of a worker can be counted";
  } else if (!x.data && !is_empty(x)) {
    error << "skipmax: " << name << ": data: found a null pointer, wanted " << shape_of(x);
  }
}

// One size of one view against the size it must have.
template <class Isa, class T>
SKIPMAX_NOINLINE void check_size(const char* name, const char* axis, const tensor_view<T>& x,
                                 index found, index wanted, const char* source,
                                 error_message& error) {
  if (!error.empty() || found == wanted) return;
  error << "skipmax: " << name << ": " << axis << ": found " << found << " in " << shape_of(x)
        << ", wanted " << wanted << ", " << source;
}

// No element of out may be written twice: from the smallest stride to the largest, each must step
// over everything that the previous axes cover.
template <class Isa, class T>
SKIPMAX_NOINLINE void check_writable(const tensor_view<T>& x, error_message& error) {
  if (!error.empty() || is_empty(x)) return;
  const index extent[] = {x.batch, x.length, x.heads};
  const index stride[] = {x.batch_stride, x.length_stride, x.head_stride};
  bool used[] = {extent[0] < 2, extent[1] < 2, extent[2] < 2};
  index covered = x.dim;
  for (int step = 0; step < 3; ++step) {
    int next = -1;
    index smallest = 0;
    for (int axis = 0; axis < 3; ++axis) {
      if (used[axis]) continue;
      const index size = stride[axis] < 0 ? -stride[axis] : stride[axis];
      if (next < 0 || size < smallest) next = axis, smallest = size;
    }
    if (next < 0) return;
    used[next] = true;
    if (smallest < covered) {
      error << "skipmax: out: strides: found [" << x.batch_stride << ", " << x.length_stride << ", "
            << x.head_stride << "] for " << shape_of(x)
            << ", wanted strides that nest without overlap";
      return;
    }
    covered += (extent[next] - 1) * smallest;
  }
}

// Refuses views that certainly share memory: both start at one address, or their ranges overlap and
// one of them has no gaps. Interleaved slices of one buffer pass.
template <class Isa, class X, class T>
SKIPMAX_NOINLINE void check_apart(const char* name, const tensor_view<const X>& x,
                                  const tensor_view<T>& out, error_message& error) {
  if (!error.empty() || is_empty(x) || is_empty(out)) return;
  constexpr index x_bytes = sizeof(X), out_bytes = sizeof(T);
  index x_first, x_last, out_first, out_last;
  byte_range(x, x_first, x_last);
  byte_range(out, out_first, out_last);
  const bool dense =
      (x_last - x_first) / x_bytes == x.batch * x.length * x.heads * x.dim ||
      (out_last - out_first) / out_bytes == out.batch * out.length * out.heads * out.dim;
  const auto x_at = reinterpret_cast<std::intptr_t>(x.data);
  const auto out_at = reinterpret_cast<std::intptr_t>(out.data);
  if (x_at == out_at ||
      (dense && x_at + x_first < out_at + out_last && out_at + out_first < x_at + x_last))
    error << "skipmax: out: memory: found an overlap with " << name
          << ", wanted memory of its own: out is written while " << name << " is read";
}

// q, k and v by themselves.
template <class Isa, class Q, class K, class V>
SKIPMAX_NOINLINE void check_inputs(const tensor_view<const Q>& q, const tensor_view<const K>& k,
                                   const tensor_view<const V>& v, error_message& error) {
  check_view<Isa>("q", q, error);
  check_view<Isa>("k", k, error);
  check_view<Isa>("v", v, error);
  check_size<Isa>("k", "batch", k, k.batch, q.batch, "the batch of q", error);
  check_size<Isa>("v", "batch", v, v.batch, q.batch, "the batch of q", error);
  check_size<Isa>("k", "dim", k, k.dim, q.dim, "the dim of q", error);
  if (error.empty() && (k.heads == 0 ? q.heads != 0 : q.heads % k.heads != 0)) {
    error << "skipmax: k: heads: found " << k.heads << " in " << shape_of(k)
          << ", wanted a divisor of q's " << q.heads << " heads";
  }
  check_size<Isa>("v", "heads", v, v.heads, k.heads, "the heads of k", error);
  check_size<Isa>("v", "length", v, v.length, k.length, "the length of k", error);
}

// q, k, v and out.
template <class Isa, class Q, class K, class V, class Out>
SKIPMAX_NOINLINE void check_views(const tensor_view<const Q>& q, const tensor_view<const K>& k,
                                  const tensor_view<const V>& v, const tensor_view<Out>& out,
                                  error_message& error) {
  check_inputs<Isa>(q, k, v, error);
  check_view<Isa>("out", out, error);
  check_size<Isa>("out", "batch", out, out.batch, q.batch, "the batch of q", error);
  check_size<Isa>("out", "length", out, out.length, q.length, "the length of q", error);
  check_size<Isa>("out", "heads", out, out.heads, q.heads, "the heads of q", error);
  check_size<Isa>("out", "dim", out, out.dim, v.dim, "the dim of v", error);
  check_writable<Isa>(out, error);
  check_apart<Isa>("q", q, out, error);
  check_apart<Isa>("k", k, out, error);
  check_apart<Isa>("v", v, out, error);
}

template <class Isa>
SKIPMAX_NOINLINE void check_workers(index workers, error_message& error) {
  if (error.empty() && workers < 1)
    error << "skipmax: executor: concurrency: found " << workers << ", wanted 1 or more workers";
}

// Checked before the other slots, whose checks rely on the segments.
template <class Isa, class Segments>
SKIPMAX_NOINLINE void check_segments(const Segments& segments, const problem& tensors,
                                     error_message& error) {
  error_message found{};
  segments.check(tensors, found);
  if (!found.empty()) error << "skipmax: " << found.text;
}

// Calls check() of every slot that has one; the normalizer's also gets the mask. tensors has the
// sizes of the views. sequences has the sizes for slots that go by positions: with segments the
// number of sequences and the longest lengths, otherwise the same.
template <class Attention, class Mask>
SKIPMAX_INLINE void check_slots(const Attention& a, const Mask& mask, const problem& tensors,
                                const problem& sequences, error_message& error) {
  error_message found{};
  check_part(a.score, found, sequences);
  check_part(a.cap, found, sequences);
  check_part(a.mask, found, sequences);
  check_part(a.bias, found, sequences);
  check_part(a.normalizer, found, sequences, mask);
  const char* place = "";
  const auto check = [&](const char* of, const auto& slot, auto... sizes) SKIPMAX_LAMBDA {
    if (found.empty()) place = of, check_rows(slot, tensors, sequences, sizes..., found);
  };
  check("on_q: ", a.rows.q, tensors.heads, tensors.key_dim);
  check("on_k: ", a.rows.k, tensors.kv_heads, tensors.key_dim);
  check("on_out: ", a.rows.out, tensors.heads, tensors.value_dim);
  check("", a.rows.gate, tensors.heads, tensors.value_dim);
  if (!found.empty()) error << "skipmax: " << place << found.text;
}

}  // namespace v0
}  // namespace skipmax
