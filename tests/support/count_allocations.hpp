// A program linked with count_allocations.cpp counts every operator new.
#pragma once

#include <atomic>

namespace support {
extern std::atomic<int> allocations;
}
