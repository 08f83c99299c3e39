# Writes <PRECOMPILED_DIR>/<HEADER>, which includes the header, and what g++ or clang++ makes of it.
cmake_minimum_required(VERSION 3.25)

string(REPLACE "|" ";" include_dirs "${INCLUDE_DIRS}")
list(TRANSFORM include_dirs PREPEND "-isystem")
set(prefix ${PRECOMPILED_DIR}/${HEADER})
file(WRITE ${prefix} "#include \"${HEADER}\"\n")
execute_process(
  COMMAND ${COMPILER} -std=c++20 ${include_dirs} -x c++-header ${prefix} -o ${prefix}.gch
          COMMAND_ERROR_IS_FATAL ANY)
