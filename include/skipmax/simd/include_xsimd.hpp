// xsimd, and with it the compiler's intrinsics. g++ 12 warns of its own AVX-512 header, about
// operands left undefined on purpose, wherever an intrinsic is inlined; the pragma covers that header.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <xsimd/xsimd.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
