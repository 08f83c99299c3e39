# The warnings that our own binaries are built with. Never linked by the library itself.
add_library(skipmax_warnings INTERFACE)
target_compile_options(skipmax_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow)
