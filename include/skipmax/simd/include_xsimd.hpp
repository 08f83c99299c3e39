// xsimd, and with it the compiler's intrinsics. Wherever an AVX-512 intrinsic is inlined, g++ 12
// warns about its own header, which leaves operands undefined on purpose; the pragmas silence that.
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
