# For the preset neon: a cross compiler for aarch64, and qemu to run what it builds.
#
#   apt-get install g++-aarch64-linux-gnu qemu-user googletest
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)  # GoogleTest asks for one
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

# xsimd's headers serve any machine, but Debian keeps its package file in the folder of one.
if(NOT xsimd_DIR)
  file(GLOB xsimd_DIR /usr/lib/*/cmake/xsimd)
endif()
