// Numbers that are the same in every run, on every machine, and differ between places of a tensor.
#pragma once

#include <cstdint>

#include "skipmax/half.hpp"

namespace support {

// splitmix64: a well mixed number for each (seed, n).
inline std::uint64_t mixed(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t z = (seed << 32) + n * 0x9e3779b97f4a7c15u + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// x rounded to T.
template <class T>
constexpr T number(double x) {
  return static_cast<T>(static_cast<skipmax::computed_t<T>>(x));
}

// The n-th number of a sequence, uniform in [low, high).
inline double uniform(std::uint64_t seed, std::uint64_t n, double low, double high) {
  return low + (high - low) * static_cast<double>(mixed(seed, n) >> 11) * 0x1p-53;
}

// The n-th whole number of a sequence, in [low, high].
inline int whole(std::uint64_t seed, std::uint64_t n, int low, int high) {
  return low + static_cast<int>(mixed(seed, n) % static_cast<std::uint64_t>(high - low + 1));
}

}  // namespace support
