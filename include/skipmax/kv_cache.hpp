// The keys and values of the tokens so far, for decode:
//
//   k       [batch][kv heads][capacity][key dim]
//   v       [batch][kv heads][capacity][value dim]
//   lengths [batch]
//
//   skipmax::kv_cache<float> cache(batch, kv_heads, capacity, dim);
//   cache.append(k_new, v_new);
//   attention.decode(q, cache, out);       or prefill, for many tokens at once
//
// The rows of one head are contiguous, which decode reads fastest; k and v each start on a page
// boundary. The memory is allocated once, for the capacity. A cache is moved, not copied.
#pragma once

#include <type_traits>

#include "skipmax/error.hpp"
#include "skipmax/half.hpp"
#include "skipmax/slice.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/workspace.hpp"

namespace skipmax {
inline namespace v0 {

// One sequence of a cache, to decode or prefill by itself. The cache must outlive it.
template <class T>
struct cached_sequence {
  tensor_view<const T> keys, values;
  const index* length;

  SKIPMAX_INLINE tensor_view<const T> k() const { return keys; }
  SKIPMAX_INLINE tensor_view<const T> v() const { return values; }
  SKIPMAX_INLINE const index* lengths() const { return length; }
  SKIPMAX_INLINE index batch() const { return 1; }
};

template <class T>
class kv_cache {
 public:
  // Throws std::invalid_argument if a size is negative or too large, std::bad_alloc without memory.
  SKIPMAX_INLINE kv_cache(index batch, index kv_heads, index capacity, index key_dim,
                          index value_dim) {
    const index sizes[] = {batch, kv_heads, capacity, key_dim, value_dim};
    error_message error{};
    for (int i = 0; i < 5; ++i)
      if (sizes[i] < 0 && error.empty())
        error << "skipmax: kv_cache: found a size of " << sizes[i]
              << ", wanted no negative size of [batch, kv heads, capacity, key dim, value dim]";
    const double rows_of_all =
        static_cast<double>(batch) * static_cast<double>(kv_heads) * static_cast<double>(capacity);
    const double numbers =
        rows_of_all * (static_cast<double>(key_dim) + static_cast<double>(value_dim));
    constexpr double most = 0x1p58;  // bytes; bounds lengths and offsets too
    if (error.empty() && (numbers * sizeof(T) > most || rows_of_all > most ||
                          static_cast<double>(batch) * sizeof(index) > most))
      error << "skipmax: kv_cache: found " << batch << " sequences of " << capacity
            << " keys, wanted a size that fits 64 bits";
    throw_if(error);
    const index rows = wrapped_product(wrapped_product(batch, kv_heads), capacity);
    k_memory_.reserve(rows * key_dim * static_cast<index>(sizeof(T)));
    v_memory_.reserve(rows * value_dim * static_cast<index>(sizeof(T)));
    length_memory_.reserve(batch * static_cast<index>(sizeof(index)));
    k_ = bhld(static_cast<T*>(k_memory_.data()), batch, kv_heads, capacity, key_dim);
    v_ = bhld(static_cast<T*>(v_memory_.data()), batch, kv_heads, capacity, value_dim);
    reset();
  }
  SKIPMAX_INLINE kv_cache(index batch, index kv_heads, index capacity, index dim)
      : kv_cache(batch, kv_heads, capacity, dim, dim) {}
  SKIPMAX_INLINE kv_cache(kv_cache&& other) noexcept
      : k_memory_(static_cast<workspace&&>(other.k_memory_)),
        v_memory_(static_cast<workspace&&>(other.v_memory_)),
        length_memory_(static_cast<workspace&&>(other.length_memory_)),
        k_(other.k_),
        v_(other.v_) {
    other.k_ = other.v_ = {};  // an empty cache
  }
  SKIPMAX_INLINE kv_cache& operator=(kv_cache&& other) noexcept {  // swaps the two
    k_memory_ = static_cast<workspace&&>(other.k_memory_);
    v_memory_ = static_cast<workspace&&>(other.v_memory_);
    length_memory_ = static_cast<workspace&&>(other.length_memory_);
    const tensor_view<T> k = k_, v = v_;
    k_ = other.k_, v_ = other.v_;
    other.k_ = k, other.v_ = v;
    return *this;
  }
  SKIPMAX_INLINE ~kv_cache() = default;

  // k and v over the whole capacity, and the number of keys in each sequence, as decode takes them.
  SKIPMAX_INLINE tensor_view<const T> k() const { return k_; }
  SKIPMAX_INLINE tensor_view<const T> v() const { return v_; }
  SKIPMAX_INLINE const index* lengths() const {
    return static_cast<const index*>(length_memory_.data());
  }
  SKIPMAX_INLINE index length(index b) const {
    check_sequence("kv_cache: ", b, k_.batch);
    return lengths()[b];
  }
  SKIPMAX_INLINE cached_sequence<T> sequence(index b) const {
    check_sequence("kv_cache: ", b, k_.batch);
    return {skipmax::sequence(k(), b), skipmax::sequence(v(), b), lengths() + b};
  }
  SKIPMAX_INLINE index batch() const { return k_.batch; }
  SKIPMAX_INLINE index capacity() const { return k_.length; }

  // Appends tokens to every sequence: k_new [batch, tokens, kv heads, key dim], v_new the same with
  // value dim. A 16-bit cache rounds numbers of another type to nearest. If the tokens do not fit,
  // throws std::invalid_argument and changes nothing.
  template <class K, class V>
  SKIPMAX_INLINE void append(const tensor_view<K>& k_new, const tensor_view<V>& v_new) {
    check(k_new, v_new, k_.batch, 0, k_.batch);
    for (index b = 0; b < k_.batch; ++b) add(b, k_new, v_new, b);
  }
  // Appends to sequence b alone: k_new [1, tokens, kv heads, key dim].
  template <class K, class V>
  SKIPMAX_INLINE void append(index b, const tensor_view<K>& k_new, const tensor_view<V>& v_new) {
    check_sequence("kv_cache: ", b, k_.batch);
    check(k_new, v_new, 1, b, b + 1);
    add(b, k_new, v_new, 0);
  }
  template <class K, class V>
  SKIPMAX_INLINE void append(const K&, const V&) {
    static_assert(
        is_tensor_view<K> && is_tensor_view<V>,
        "skipmax: kv_cache: append takes tensor_views: wrap k and v, as in as_blhd(k) for "
        "an Eigen tensor or blhd(pointer, batch, length, heads, dim)");
  }
  template <class K, class V>
  SKIPMAX_INLINE void append(index, const K& k_new, const V& v_new) {
    append(k_new, v_new);
  }

  // Keeps the first `length` tokens of sequence b. Throws std::invalid_argument if it has fewer.
  SKIPMAX_INLINE void truncate(index b, index length) {
    const index held = this->length(b);
    error_message error{};
    if (length < 0 || length > held)
      error << "skipmax: kv_cache: truncate: found " << length << ", wanted 0 to " << held
            << ", the tokens of sequence " << b;
    throw_if(error);
    filled()[b] = length;
  }
  // Empties every sequence.
  SKIPMAX_INLINE void reset() {
    for (index b = 0; b < k_.batch; ++b) filled()[b] = 0;
  }

 private:
  SKIPMAX_INLINE index* filled() { return static_cast<index*>(length_memory_.data()); }

  template <class K, class V>
  SKIPMAX_INLINE void check(const tensor_view<K>& k_new, const tensor_view<V>& v_new, index batch,
                            index first, index last) const {
    static_assert(
        std::is_same_v<computed_t<std::remove_const_t<K>>, computed_t<T>> &&
            std::is_same_v<computed_t<std::remove_const_t<V>>, computed_t<T>>,
        "skipmax: kv_cache: append: k and v are of another type: wanted double for a cache "
        "of double, float, bf16 or f16 for all others");
    error_message error{};
    const auto shape = [&](const char* name, const auto& x, index dim) SKIPMAX_LAMBDA {
      const bool fits = x.batch == batch && x.length == k_new.length && x.length >= 0 &&
                        x.heads == k_.heads && x.dim == dim;
      if (fits && (x.data || is_empty(x))) return;
      if (!error.empty()) return;
      error << "skipmax: kv_cache: append: " << name << ": found ";
      if (fits) error << "a null pointer for ";
      error << tensor_shape{{x.batch, x.length, x.heads, x.dim}} << ", wanted "
            << tensor_shape{{batch, k_new.length < 0 ? 0 : k_new.length, k_.heads, dim}};
    };
    shape("k", k_new, k_.dim);
    shape("v", v_new, v_.dim);
    for (index b = first; b < last && error.empty(); ++b)
      if (k_new.length > capacity() - lengths()[b])
        error << "skipmax: kv_cache: append: found " << k_new.length << " tokens after the "
              << lengths()[b] << " of sequence " << b << ", wanted at most " << capacity()
              << " in all, the capacity";
    throw_if(error);
  }

  template <class K, class V>
  SKIPMAX_INLINE void add(index b, const tensor_view<K>& k_new, const tensor_view<V>& v_new,
                          index from) {
    copy(k_, b, k_new, from);
    copy(v_, b, v_new, from);
    filled()[b] += k_new.length;
  }
  template <class X>
  SKIPMAX_INLINE void copy(const tensor_view<T>& to, index b, const tensor_view<X>& x,
                           index from) const {
    for (index h = 0; h < x.heads; ++h)
      for (index l = 0; l < x.length; ++l) {
        T* const row = to.row(b, lengths()[b] + l, h);
        const X* const numbers = x.row(from, l, h);
        for (index d = 0; d < x.dim; ++d) {
          if constexpr (std::is_same_v<std::remove_const_t<X>, T>)
            row[d] = numbers[d];
          else
            row[d] = static_cast<T>(static_cast<computed_t<T>>(numbers[d]));
        }
      }
  }

  workspace k_memory_, v_memory_, length_memory_;
  tensor_view<T> k_{}, v_{};
};

}  // namespace v0
}  // namespace skipmax
