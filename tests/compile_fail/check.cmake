# Compiles one snippet. Its first line says what must come of it:
#
#   // compiles
#   // fails: <regular expression over the compiler's first error>
#   // fails among others: <regular expression over one of its errors>
#
# The second one may name a switch, with which it is compiled on x86 alone:
#
#   // with: <switch>
cmake_minimum_required(VERSION 3.25)

file(STRINGS ${SNIPPET} lines LIMIT_COUNT 2)
list(GET lines 0 first_line)
list(GET lines 1 second_line)
set(switch "")
if(second_line MATCHES "^// with: (.+)")
  set(switch "${CMAKE_MATCH_1}")
  execute_process(COMMAND ${COMPILER} -dumpmachine OUTPUT_VARIABLE machine)
  if(NOT machine MATCHES "x86_64")
    return()
  endif()
endif()
if(NOT first_line MATCHES "^// (compiles$|fails( among others)?: (.+))")
  message(FATAL_ERROR "${SNIPPET}: the first line says neither 'compiles' nor 'fails: ...'")
endif()
set(among_others "${CMAKE_MATCH_2}")
set(wanted "${CMAKE_MATCH_3}")

# What it includes may be precompiled, for a compiler without switches.
set(precompiled "")
file(STRINGS ${SNIPPET} include REGEX "^#include" LIMIT_COUNT 1)
string(REGEX REPLACE ".*\"(.*)\"" "${PRECOMPILED_DIR}/\\1" header "${include}")
if(switch STREQUAL "" AND EXISTS ${header}.gch)
  set(precompiled -include ${header})
endif()

string(REPLACE "|" ";" include_dirs "${INCLUDE_DIRS}")
list(TRANSFORM include_dirs PREPEND "-isystem")
execute_process(
  COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${switch} ${precompiled} ${include_dirs} ${SNIPPET}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE said
  ERROR_VARIABLE said)

if(wanted STREQUAL "")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "wanted it to compile; the compiler said:\n${said}")
  endif()
  return()
endif()

if(result EQUAL 0)
  message(FATAL_ERROR "it compiles; wanted an error like\n${wanted}")
endif()
string(REPLACE ";" "," errors "${said}")
string(REGEX MATCHALL "error: [^\n]*" errors "${errors}")
if(NOT among_others)
  list(GET errors 0 errors)
endif()
if(NOT errors MATCHES "${wanted}")
  message(FATAL_ERROR "wanted an error like\n${wanted}\nthe compiler said:\n${said}")
endif()
