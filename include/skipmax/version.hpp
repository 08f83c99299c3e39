// The version, once: CMake reads it from here, and the inline namespace carries its major number.
#pragma once

#define SKIPMAX_VERSION_MAJOR 0
#define SKIPMAX_VERSION_MINOR 1
#define SKIPMAX_VERSION_PATCH 0
