// The instruction set that a translation unit is compiled for, as a type. It is the first template
// parameter of everything below the entry points, so that two units built for different instruction
// sets never share a symbol.
#pragma once

#include "skipmax/simd/include_xsimd.hpp"

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

// Compiler switches that allow more instructions than xsimd's architecture implies, one bit each.
inline constexpr unsigned isa_switches = 0u
#if defined(__FMA__)
                                         | 1u << 0
#endif
#if defined(__F16C__)
                                         | 1u << 1
#endif
#if defined(__AVX512VL__)
                                         | 1u << 2
#endif
#if defined(__AVX512DQ__)
                                         | 1u << 3
#endif
#if defined(__AVX512BF16__)
                                         | 1u << 4
#endif
#if defined(__AVX512FP16__)
                                         | 1u << 5
#endif
#if defined(__BMI2__)
                                         | 1u << 6
#endif
#if defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
                                         | 1u << 7
#endif
#if defined(__BMI__)
                                         | 1u << 8
#endif
#if defined(__LZCNT__)
                                         | 1u << 9
#endif
#if defined(__POPCNT__)
                                         | 1u << 10
#endif
#if defined(__MOVBE__)
                                         | 1u << 11
#endif
#if defined(__AVX512CD__)
                                         | 1u << 12
#endif
#if defined(__AVX512VBMI__)
                                         | 1u << 13
#endif
#if defined(__AVX512VBMI2__)
                                         | 1u << 14
#endif
#if defined(__AVX512IFMA__)
                                         | 1u << 15
#endif
#if defined(__AVX512VNNI__)
                                         | 1u << 16
#endif
#if defined(__AVX512BITALG__)
                                         | 1u << 17
#endif
#if defined(__AVX512VPOPCNTDQ__)
                                         | 1u << 18
#endif
#if defined(__AVXVNNI__)
                                         | 1u << 19
#endif
#if defined(__GFNI__)
                                         | 1u << 20
#endif
#if defined(__AES__)
                                         | 1u << 21
#endif
#if defined(__VAES__)
                                         | 1u << 22
#endif
#if defined(__ADX__)
                                         | 1u << 23
#endif
#if defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
                                         | 1u << 24
#endif
#if defined(__ARM_FEATURE_ATOMICS)
                                         | 1u << 25
#endif
#if defined(__ARM_FEATURE_DOTPROD)
                                         | 1u << 26
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
                                         | 1u << 27
#endif
#if defined(__ARM_FEATURE_COMPLEX)
                                         | 1u << 28
#endif
#if defined(__ARM_FEATURE_SVE)
                                         | 1u << 29
#endif
#if defined(__ARM_FEATURE_SVE2)
                                         | 1u << 30
#endif
    ;

template <class Arch, unsigned Switches>
struct isa {
  using arch = Arch;
};

using native_isa = isa<xsimd::default_arch, isa_switches>;

// One SIMD register of T.
template <class T, class Isa>
using simd = xsimd::batch<T, typename Isa::arch>;

template <class T, class Isa>
inline constexpr int lanes = static_cast<int>(simd<T, Isa>::size);

}  // namespace v0
}  // namespace skipmax
