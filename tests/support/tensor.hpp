// A tensor that owns its memory, in any order of its axes, with guard elements before it, after it
// and in every gap. Inputs are guarded by NaN, which shows in the output if it is read; the guards
// of an output are compared bit by bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "skipmax/tensor_view.hpp"
#include "support/random.hpp"

namespace support {

using skipmax::index;
using skipmax::tensor_view;

// The axes batch, length and heads from the outermost to the innermost, the elements left free
// after each of them, and how far the first element lies from an aligned address.
struct layout {
  const char* order = "blh";
  index gap = 0;
  index offset = 0;
};

inline constexpr layout layouts[] = {{"blh", 0, 0}, {"bhl", 0, 0}, {"blh", 3, 1}, {"lbh", 1, 5},
                                     {"lhb", 2, 3}, {"hbl", 0, 7}, {"hlb", 5, 2}, {"bhl", 7, 6},
                                     {"blh", 0, 1}, {"bhl", 16, 0}};

inline constexpr std::size_t layout_count = sizeof layouts / sizeof *layouts;

template <class T>
class tensor {
 public:
  tensor(index batch, index length, index heads, index dim, layout l = {},
         T guard = number<T>(std::numeric_limits<double>::quiet_NaN()))
      : view_{nullptr, batch, length, heads, dim, 0, 0, 0}, guard_(guard) {
    index span = dim + l.gap;
    for (int axis = 2; axis >= 0; --axis) {
      const char name = l.order[axis];
      index& stride = name == 'b'   ? view_.batch_stride
                      : name == 'l' ? view_.length_stride
                                    : view_.head_stride;
      stride = span;
      span = span * (name == 'b' ? batch : name == 'l' ? length : heads) + l.gap;
    }
    memory_.assign(static_cast<std::size_t>(span + 3 * band), guard);
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data() + band);
    const auto to_aligned = static_cast<index>((64 - address % 64) % 64 / sizeof(T));
    view_.data = memory_.data() + band + to_aligned + l.offset;
    owned_.assign(memory_.size(), false);
    each([&](T& x) { owned_[static_cast<std::size_t>(&x - memory_.data())] = true; });
  }
  tensor(const tensor&) = delete;

  tensor_view<T> view() { return view_; }
  tensor_view<const T> read() const { return view_; }

  T& at(index b, index l, index h, index x) { return view_.row(b, l, h)[x]; }
  T at(index b, index l, index h, index x) const { return view_.row(b, l, h)[x]; }

  void fill(T value) {
    each([&](T& x) { x = value; });
  }
  void fill_uniform(std::uint64_t seed, double low, double high) {
    std::uint64_t n = 0;
    each([&](T& x) { x = number<T>(uniform(seed, n++, low, high)); });
  }
  void fill_whole(std::uint64_t seed, int low, int high) {
    std::uint64_t n = 0;
    each([&](T& x) { x = number<T>(whole(seed, n++, low, high)); });
  }
  // The same elements as another tensor of the same shape, wherever they lie.
  void copy_from(const tensor& other) {
    for (index b = 0; b < view_.batch; ++b)
      for (index l = 0; l < view_.length; ++l)
        for (index h = 0; h < view_.heads; ++h)
          for (index x = 0; x < view_.dim; ++x) at(b, l, h, x) = other.at(b, l, h, x);
  }

  // No element outside the tensor has changed a bit.
  bool guards_intact() const {
    for (std::size_t n = 0; n < memory_.size(); ++n)
      if (!owned_[n] && std::memcmp(&memory_[n], &guard_, sizeof(T)) != 0) return false;
    return true;
  }

  // A copy of the whole memory, to compare with later.
  std::vector<T> memory() const { return memory_; }
  bool same_memory(const std::vector<T>& before) const {
    return memory_.empty() ||
           std::memcmp(memory_.data(), before.data(), memory_.size() * sizeof(T)) == 0;
  }

 private:
  static constexpr index band = 48;  // three of the widest registers of float

  template <class F>
  void each(F f) {
    for (index b = 0; b < view_.batch; ++b)
      for (index l = 0; l < view_.length; ++l)
        for (index h = 0; h < view_.heads; ++h)
          for (index x = 0; x < view_.dim; ++x) f(view_.row(b, l, h)[x]);
  }

  tensor_view<T> view_;
  T guard_;
  std::vector<T> memory_;
  std::vector<char> owned_;
};

// Two tensors of one shape hold the same bits, element by element.
template <class T>
bool same_bits(tensor_view<const T> a, tensor_view<const T> b) {
  for (index n = 0; n < a.batch; ++n)
    for (index l = 0; l < a.length; ++l)
      for (index h = 0; h < a.heads; ++h)
        if (a.dim > 0 && std::memcmp(a.row(n, l, h), b.row(n, l, h),
                                     static_cast<std::size_t>(a.dim) * sizeof(T)) != 0)
          return false;
  return true;
}

}  // namespace support
