// In a file of its own, so that no compiler sees this new paired with another delete.
#include "support/count_allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

std::atomic<int> support::allocations{0}, support::allocations_left{1 << 30};

static void* counted(std::size_t bytes, std::size_t alignment) {
  ++support::allocations;
  if (--support::allocations_left < 0) throw std::bad_alloc();
  const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
  if (void* p = std::aligned_alloc(alignment, whole > 0 ? whole : alignment)) return p;
  throw std::bad_alloc();
}

void* operator new(std::size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
