// Scratch memory for attention calls, kept from call to call: one slice for each worker of the
// executor. It grows on demand and never shrinks. One call at a time may use it.
#pragma once

#include <new>

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

class workspace {
 public:
  SKIPMAX_INLINE workspace() = default;
  SKIPMAX_INLINE workspace(workspace&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
    other.bytes_ = 0;
  }
  SKIPMAX_INLINE workspace& operator=(workspace&& other) noexcept {
    void* data = data_;
    const index bytes = bytes_;
    data_ = other.data_;
    bytes_ = other.bytes_;
    other.data_ = data;
    other.bytes_ = bytes;
    return *this;
  }
  workspace(const workspace&) = delete;
  workspace& operator=(const workspace&) = delete;
  SKIPMAX_INLINE ~workspace() { release(); }

  // At least this many bytes, aligned to a page. Throws std::bad_alloc.
  SKIPMAX_INLINE void reserve(index bytes) {
    if (bytes <= bytes_) return;
    release();
    data_ = ::operator new(static_cast<std::size_t>(bytes), alignment);
    bytes_ = bytes;
  }

  SKIPMAX_INLINE void* data() const { return data_; }
  SKIPMAX_INLINE index bytes() const { return bytes_; }

 private:
  static constexpr std::align_val_t alignment{4096};

  SKIPMAX_INLINE void release() {
    if (data_) ::operator delete(data_, alignment);
    data_ = nullptr;
    bytes_ = 0;
  }

  void* data_ = nullptr;
  index bytes_ = 0;
};

}  // namespace v0
}  // namespace skipmax
