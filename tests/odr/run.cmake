# Compiles the same use of the library for two instruction sets, without and with some optimization.
#
# A weak symbol that two objects share is kept once by the linker, from either of them: none may be
# ours. Then links the objects in both orders, and runs.
cmake_minimum_required(VERSION 3.25)

file(MAKE_DIRECTORY ${WORK_DIR})
string(REPLACE "|" ";" include_dirs "${INCLUDE_DIRS}")
list(TRANSFORM include_dirs PREPEND -isystem)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(compile source object)
  run(${COMPILER} -std=c++20 ${include_dirs} ${ARGN} -c
      ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${source} -o ${WORK_DIR}/${object})
endfunction()

# Definitions that the linker may take from another object instead, of names with skipmax in them.
function(weak_symbols out object)
  execute_process(COMMAND ${NM} -P --defined-only ${WORK_DIR}/${object} OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+ [WVu] " symbols "${symbols}")
  list(FILTER symbols INCLUDE REGEX "skipmax")
  list(TRANSFORM symbols REPLACE " . $" "")
  set(${out} "${symbols}" PARENT_SCOPE)
endfunction()

function(shared_symbols out a b)
  weak_symbols(of_a ${a})
  weak_symbols(of_b ${b})
  set(shared "")
  foreach(symbol IN LISTS of_a)
    if(symbol IN_LIST of_b)
      list(APPEND shared ${symbol})
    endif()
  endforeach()
  set(${out} "${shared}" PARENT_SCOPE)
endfunction()

execute_process(COMMAND ${COMPILER} -march=native -dM -E -x c++ /dev/null OUTPUT_VARIABLE macros
                COMMAND_ERROR_IS_FATAL ANY)
if(NOT macros MATCHES "__AVX2__")
  message(STATUS "this machine has nothing beyond x86-64-v2")
  return()
endif()

# That the comparison sees anything at all: a header that breaks the rule is caught.
compile(careless.cpp careless_v2.o -O0 -march=x86-64-v2)
compile(careless.cpp careless_native.o -O0 -march=native)
shared_symbols(shared careless_v2.o careless_native.o)
list(LENGTH shared count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "careless.cpp shares one weak symbol, found: ${shared}")
endif()

function(must_share_nothing a b)
  shared_symbols(shared ${a}.o ${b}.o)
  if(shared)
    list(JOIN shared "\n  " shared)
    message(FATAL_ERROR "${a}.o and ${b}.o share weak symbols of ours:\n  ${shared}")
  endif()
endfunction()

# Unoptimized code inlines nothing that need not be inlined: the rest of the library is only looked at.
compile(wide.cpp wide_v2.o -O0 -march=x86-64-v2)
compile(wide.cpp wide_native.o -O0 -march=native)
must_share_nothing(wide_v2 wide_native)

compile(main.cpp main.o -O1 -march=x86-64-v2)
foreach(level IN ITEMS O0 O1)
  compile(use.cpp v2_${level}.o -${level} -march=x86-64-v2 -D NAME=use_v2)
  compile(use.cpp native_${level}.o -${level} -march=native -D NAME=use_native)
endforeach()

foreach(a IN ITEMS v2_O0 v2_O1)
  foreach(b IN ITEMS native_O0 native_O1)
    must_share_nothing(${a} ${b})
    foreach(order IN ITEMS "${a}.o;${b}.o" "${b}.o;${a}.o")
      list(TRANSFORM order PREPEND ${WORK_DIR}/)
      run(${COMPILER} ${WORK_DIR}/main.o ${order} -o ${WORK_DIR}/program)
      run(${WORK_DIR}/program)
    endforeach()
  endforeach()
endforeach()
