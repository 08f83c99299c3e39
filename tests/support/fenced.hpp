// An array that ends, or begins, at memory without access: one element too far ends the program.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "skipmax/config.hpp"

namespace support {

using skipmax::index;

enum class fence { before, after };

template <class T>
class fenced {
 public:
  fenced(index elements, fence side) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(elements) * sizeof(T);
    const std::size_t inside = (bytes + page - 1) / page * page;
    size_ = inside + 2 * page;
    all_ = static_cast<char*>(mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(all_ + page, inside, PROT_READ | PROT_WRITE);
    data_ = reinterpret_cast<T*>(all_ + page + (side == fence::after ? inside - bytes : 0));
  }
  fenced(const fenced&) = delete;
  ~fenced() { munmap(all_, size_); }

  T* data() const { return data_; }

 private:
  char* all_;
  std::size_t size_;
  T* data_;
};

}  // namespace support
