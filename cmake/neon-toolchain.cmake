# A cross compiler for aarch64, and qemu to run what it builds: of the preset neon.
#
#   apt-get install g++-aarch64-linux-gnu qemu-user googletest
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)  # GoogleTest asks for one
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

# Headers for any machine, whose package file Debian has in the folder of one.
if(NOT xsimd_DIR)
  file(GLOB xsimd_DIR /usr/lib/*/cmake/xsimd)
endif()
