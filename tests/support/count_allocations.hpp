// A program linked with count_allocations.cpp counts every operator new, and may say how many it has left.
#pragma once

#include <atomic>

namespace support {
extern std::atomic<int> allocations, allocations_left;
}
