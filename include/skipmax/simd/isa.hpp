// The instruction set a translation unit is compiled for, as a type. It is the first template
// parameter of everything below the entry points, so that two units built for two instruction sets
// never share a symbol.
#pragma once

#include "skipmax/simd/include_xsimd.hpp"

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

// Compiler switches that let a compiler use more instructions than xsimd's architecture says, one bit
// each.
inline constexpr unsigned isa_switches = 0u
#if defined(__FMA__)
                                         | 1u
#endif
#if defined(__F16C__)
                                         | 2u
#endif
#if defined(__AVX512VL__)
                                         | 4u
#endif
#if defined(__AVX512DQ__)
                                         | 8u
#endif
#if defined(__AVX512BF16__)
                                         | 16u
#endif
#if defined(__AVX512FP16__)
                                         | 32u
#endif
#if defined(__BMI2__)
                                         | 64u
#endif
#if defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
                                         | 128u
#endif
#if defined(__BMI__)
                                         | 256u
#endif
#if defined(__LZCNT__)
                                         | 512u
#endif
#if defined(__POPCNT__)
                                         | 1024u
#endif
#if defined(__MOVBE__)
                                         | 2048u
#endif
#if defined(__AVX512CD__)
                                         | 4096u
#endif
#if defined(__AVX512VBMI__)
                                         | 8192u
#endif
#if defined(__AVX512VBMI2__)
                                         | 16384u
#endif
#if defined(__AVX512IFMA__)
                                         | 32768u
#endif
#if defined(__AVX512VNNI__)
                                         | 65536u
#endif
#if defined(__AVX512BITALG__)
                                         | 131072u
#endif
#if defined(__AVX512VPOPCNTDQ__)
                                         | 262144u
#endif
#if defined(__AVXVNNI__)
                                         | 524288u
#endif
#if defined(__GFNI__)
                                         | 1048576u
#endif
#if defined(__AES__)
                                         | 2097152u
#endif
#if defined(__VAES__)
                                         | 4194304u
#endif
#if defined(__ADX__)
                                         | 8388608u
#endif
#if defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
                                         | 16777216u
#endif
#if defined(__ARM_FEATURE_ATOMICS)
                                         | 33554432u
#endif
#if defined(__ARM_FEATURE_DOTPROD)
                                         | 67108864u
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
                                         | 134217728u
#endif
#if defined(__ARM_FEATURE_COMPLEX)
                                         | 268435456u
#endif
#if defined(__ARM_FEATURE_SVE)
                                         | 536870912u
#endif
#if defined(__ARM_FEATURE_SVE2)
                                         | 1073741824u
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
