// The instruction set a translation unit is compiled for, as a type. It is the first template
// parameter of everything below the entry points, so that two units built for two instruction sets
// never share a symbol.
#pragma once

#include "skipmax/simd/include_xsimd.hpp"

#include "skipmax/config.hpp"

namespace skipmax {
inline namespace v0 {

// Compiler switches that change code without changing xsimd's architecture, one bit each.
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
#if defined(__ARM_FEATURE_BF16)
                                         | 128u
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
