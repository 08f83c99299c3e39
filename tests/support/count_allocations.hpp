// A program linked with count_allocations.cpp counts every operator new, and can limit how many are
// left before one throws.
#pragma once

#include <atomic>

namespace support {
extern std::atomic<int> allocations, allocations_left;
}
