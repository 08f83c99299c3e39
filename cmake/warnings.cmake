# The warnings that our own binaries are built with. Never linked by the library itself.
add_library(skipmax_warnings INTERFACE)
target_compile_options(skipmax_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow)
# g++ 12 sees overlapping copies in std::string + std::string (its bug 105329).
target_compile_options(
  skipmax_warnings
  INTERFACE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
