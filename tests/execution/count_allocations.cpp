#include "count_allocations.hpp"

#include <cstdlib>
#include <new>

std::atomic<int> skipmax_test::allocations{0};

// In a file of their own, so that no compiler sees a new of one kind meet a delete of another.
void* operator new(std::size_t size) {
  ++skipmax_test::allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
