// The register tile MR x NR of a matrix product, and the sizes that depend on it.
//
//   MR rows x NV registers of accumulators, NR = NV * lanes columns
//
// Each step of the inner loop loads NV registers of one operand, broadcasts MR scalars of the other
// and issues MR * NV multiply-adds. Two units with a latency of 4 need at least 8 accumulators in
// flight, and two loads a cycle need NV + MR <= MR * NV, true of any MR from 2 on with NV = 2. MR
// is the largest that leaves room for the NV operands and one broadcast: 14 x 2 of 32 registers,
// 6 x 2 of 16. 14 also divides the paper's 196 and 784 queries, and 49 = 3 * 14 + 7.
//
// NEON has 32 registers of 4 floats. A step of 14 x 2 is 28 multiply-adds, 16 loads (two columns,
// and 14 numbers, each into lane 0 of a register, see row_operand) and 4 more instructions. On
// Neoverse N1 (two multiply-adds, two loads, four instructions a cycle) these limits are 14, 8 and
// 12 cycles; on V1 and V2 (four, three, eight) 7, 5.3 and 6, with 4 * 4 accumulators needed. The
// multiply-adds are the bottleneck on all. Broadcasting loads take 14 more slots of the same units,
// which would leave multiply-adds 2 of 3 cycles. Taking numbers from all four lanes of a register
// saves loads, which are no bottleneck, but wants q and weights transposed, [depth][MR] (8 x 3), or
// the columns of four steps in registers (10 x 2).
#pragma once

#include <type_traits>

#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, class Isa>
struct register_block {
#if defined(__aarch64__)
  static constexpr int registers = 32;
#else
  static constexpr int registers = sizeof(simd<T, Isa>) == 64 ? 32 : 16;
#endif
  static constexpr int vectors = 2;                        // NV
  static constexpr int rows = registers == 32 ? 14 : 6;    // MR
  static constexpr int columns = vectors * lanes<T, Isa>;  // NR
};

// MR rounded up to whole registers: the numbers that a block keeps for each row, such as softmax's
// m, are for this many rows. Kernels that need no register for each row, as in decode, take blocks
// of this many rows, so that the eight query heads of a group share what is read of k and v.
template <class T, class Isa>
inline constexpr int row_lanes = static_cast<int>(round_up(register_block<T, Isa>::rows,
                                                           lanes<T, Isa>));

// Elements of a cache line.
template <class T>
inline constexpr index line_elements = 64 / static_cast<index>(sizeof(T));

// Registers as wide as a cache line.
template <class T, class Isa>
inline constexpr bool fills_cache_line = sizeof(simd<T, Isa>) >= 64;

// Query rows of decode that share each register of k or v that is loaded. Four keys are taken at a
// time, so sums or weights take four registers for each of these rows.
template <class T, class Isa>
inline constexpr int sharing_rows = register_block<T, Isa>::registers == 32 ? 4 : 2;

// f(std::integral_constant<int, R>{}, r) for all rows, R of them from r on: Most at a time, and
// half as many for those that are left.
template <int Most, class F>
SKIPMAX_INLINE void for_each_rows(int rows, const F& f, int r = 0) {
  for (; r + Most <= rows; r += Most) f(std::integral_constant<int, Most>{}, r);
  if constexpr (Most > 1) for_each_rows<Most / 2>(rows, f, r);
}

// True if for_each_rows calls f once.
template <int Most>
constexpr bool is_one_block(int rows) {
  return rows <= Most && (rows & (rows - 1)) == 0;
}

// f(std::true_type{}) or f(std::false_type{}). If not Possible, f is compiled for false alone.
template <bool Possible, class F>
SKIPMAX_INLINE void with_flag([[maybe_unused]] bool flag, const F& f) {
  if constexpr (Possible)
    if (flag) return f(std::true_type{});
  f(std::false_type{});
}

// Row counts that have a kernel of their own. Other counts take the next larger one, which computes
// at most three rows in vain.
template <int Rows>
struct row_count {};

template <int MaxRows, class F>
SKIPMAX_INLINE void with_row_count(int rows, F&& f) {
  static_assert(MaxRows == 14 || MaxRows == 6);
  if constexpr (MaxRows == 14) {
    if (rows > 10) return f(row_count<14>{});
    if (rows > 7) return f(row_count<10>{});
    if (rows > 4) return f(row_count<7>{});
  } else {
    if (rows > 4) return f(row_count<6>{});
  }
  if (rows > 2) return f(row_count<4>{});
  if (rows > 1) return f(row_count<2>{});
  f(row_count<1>{});
}

// The rows that the kernel for `rows` computes.
template <int MaxRows>
SKIPMAX_INLINE int padded_rows(int rows) {
  int padded = 0;
  with_row_count<MaxRows>(rows, [&]<int Rows>(row_count<Rows>) SKIPMAX_LAMBDA { padded = Rows; });
  return padded;
}

// True if the kernel for `rows` computes no more rows than these.
template <class Isa, class T>
SKIPMAX_INLINE bool is_exact_block(int rows) {
  return padded_rows<register_block<T, Isa>::rows>(rows) == rows;
}

// Makes the compiler keep a loaded operand in a register. Without it g++ folds the load into each
// multiply-add that uses the operand, which is then read MR times.
template <class T, class Arch>
SKIPMAX_INLINE void keep_in_register(xsimd::batch<T, Arch>& v) {
#if defined(__x86_64__) || defined(__i386__)
  asm("" : "+v"(v.data));
#elif defined(__aarch64__)
  asm("" : "+w"(v.data));
#endif
}

// The same for one of an array: if changed in place, g++ may also store the array.
template <class T, class Arch>
SKIPMAX_INLINE xsimd::batch<T, Arch> in_register(xsimd::batch<T, Arch> v) {
  keep_in_register(v);
  return v;
}

// A number as the factor of registers: a register with the number in every lane. On ARM it is the
// number itself, since multiply-adds there can take it from lane 0, while a load that broadcasts
// takes a slot of the units that multiply and has no offset in its address.
template <class V>
SKIPMAX_INLINE auto row_operand(typename V::value_type number) {
#if defined(__aarch64__)
  return number;
#else
  V row(number);
  keep_in_register(row);
  return row;
#endif
}

}  // namespace v0
}  // namespace skipmax
