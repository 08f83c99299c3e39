// The limits of one core: multiply-adds per second of the instruction set compiled for (also of
// bf16 pairs, if it multiplies them), and bytes read per second from memory. Both are the best of
// several loop shapes and repeats: too low a limit would flatter what is compared with it.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "skipmax/half.hpp"
#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/math.hpp"

namespace bench {

using skipmax::index;

// The wall clock time of one call, in seconds.
template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Uses x, so that the compiler cannot drop the work that computes it.
template <class V>
void keep(V x) {
  alignas(64) typename V::value_type lanes[V::size];
  x.store_aligned(lanes);
  asm volatile("" : : "m"(lanes));
}

// A value the compiler knows nothing about.
template <class T>
T opaque(T x) {
  asm volatile("" : "+m"(x));
  return x;
}

// What the inner loop over tensors of T multiplies: bf16 pairs, or T widened to at least float.
template <class Isa, class T>
using packed_of =
    std::conditional_t<std::is_same_v<T, skipmax::bf16> && skipmax::has_pair_products<Isa>,
                       skipmax::bf16_pair, skipmax::computed_t<T>>;

// `rounds` steps of each of Chains independent chains in registers: x <- x * a + b, or x <- x + a b
// for pairs. A step waits for the one before it in its chain, so it takes enough chains to keep
// every unit busy.
template <class Isa, class T, int Chains>
SKIPMAX_NOINLINE void multiply_add_chains(index rounds) {
  using E = packed_of<Isa, T>;
  using N = skipmax::number_of<E>;
  using V = skipmax::simd<N, Isa>;
  const V a(opaque(N(0.5))), b(opaque(N(0.25)));
  const auto step = [&](V x) SKIPMAX_LAMBDA {
    if constexpr (skipmax::is_pair<E>)
      return skipmax::multiply_packed<E>(a, b, x);
    else
      return skipmax::math::fma(x, a, b);
  };
  const auto run = [&]<int... I>(std::integer_sequence<int, I...>) SKIPMAX_LAMBDA {
    V x[] = {V(opaque(N(I)))...};
    for (index r = 0; r < rounds; ++r) {
      ((x[I] = step(x[I])), ...);
      asm volatile("");  // the rounds stay apart and in order
    }
    keep((x[I] + ...));
  };
  run(std::make_integer_sequence<int, Chains>{});
}

// GFLOPS of one loop of about that many multiply-add instructions. 2^20 take 0.1 ms, which is long
// compared with reading the clock.
template <class T, int Chains, class Isa = skipmax::native_isa>
double multiply_add_rate(index multiply_adds = 1 << 20) {
  const index rounds = multiply_adds / Chains;
  const double time = seconds([=] { multiply_add_chains<Isa, T, Chains>(rounds); });
  using E = packed_of<Isa, T>;
  const index products = skipmax::lanes<skipmax::number_of<E>, Isa> * skipmax::numbers_in<E>;
  return 2e-9 * static_cast<double>(rounds * Chains * products) / time;
}

using chain_counts = std::integer_sequence<int, 8, 10, 12, 16, 24>;
using stream_counts = std::integer_sequence<int, 1, 2, 4, 8>;

// The peak of one core for tensors of T, in GFLOPS. About 3 ms for 4 repeats with AVX-512.
template <class T>
double multiply_add_peak(int repeats) {
  const auto best_of_each = []<int... Chains>(std::integer_sequence<int, Chains...>) {
    return std::max({multiply_add_rate<T, Chains>()...});
  };
  double best = 0;
  for (int i = 0; i < repeats; ++i) best = std::max(best, best_of_each(chain_counts{}));
  return best;
}

// The rate that a core sustains for 2 ms, the length of many runs: time that the host takes away
// and a falling clock slow this loop down as well. 12 chains are as many as 16 registers hold.
template <class T>
double sustained_multiply_add_rate() {
  return multiply_add_rate<T, 12>(1 << 24);
}

// Reads 8 registers per step, from Streams places at once: x[I] belongs to stream I % Streams.
template <class Isa, int Streams>
SKIPMAX_NOINLINE void read_streams(const double* data, index length) {  // [Streams, length]
  using V = skipmax::simd<double, Isa>;
  constexpr index width = skipmax::lanes<double, Isa>;
  const auto run = [&]<int... I>(std::integer_sequence<int, I...>) SKIPMAX_LAMBDA {
    V x[] = {V(static_cast<double>(I))...};
    for (index at = 0; at + 8 / Streams * width <= length; at += 8 / Streams * width)
      ((x[I] = x[I] + V::load_aligned(data + I % Streams * length + at + I / Streams * width)),
       ...);
    keep((x[I] + ...));
  };
  run(std::make_integer_sequence<int, 8>{});
}

// Memory larger than every cache, all of it touched.
class big_buffer {
 public:
  big_buffer() : data_(static_cast<double*>(operator new(bytes(), alignment))) {
    std::fill(data_, data_ + size(), 1.0);
  }
  ~big_buffer() { operator delete(data_, alignment); }
  big_buffer(const big_buffer&) = delete;
  big_buffer& operator=(const big_buffer&) = delete;

  // GB/s of one pass over it.
  template <int Streams, class Isa = skipmax::native_isa>
  double read_rate() const {
    const double time = seconds([&] { read_streams<Isa, Streams>(data_, size() / Streams); });
    return 1e-9 * static_cast<double>(bytes()) / time;
  }

  // More than 4 times the last-level cache, a multiple of every step of read_streams.
  static std::size_t bytes() {
    constexpr long step = 1L << 26;
    const long cache = std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 1L << 25);
    return static_cast<std::size_t>((4 * cache / step + 1) * step);
  }

 private:
  static constexpr std::align_val_t alignment{4096};
  static index size() { return static_cast<index>(bytes() / sizeof(double)); }

  double* data_;
};

}  // namespace bench
