// Counts what goes through operator new, in programs that link count_allocations.cpp.
#pragma once

#include <atomic>

namespace skipmax_test {
extern std::atomic<int> allocations;
}
