// What every test includes, for precompilation.
#pragma once

#include <gtest/gtest.h>

#include "skipmax/simd/include_xsimd.hpp"
