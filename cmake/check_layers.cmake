# Reads the #include graph of the library and fails on an arrow that the design does not have:
#
#   attention -> drive -> tile -> simd,   drive -> plan, workspace, execution,   slots -> simd/math
#
#   cmake -D INCLUDE_DIR=include -P cmake/check_layers.cmake
cmake_minimum_required(VERSION 3.25)

# --- the arrows ---------------------------------------------------------------------------------
# A room is a folder, or a header that stands on its own beside the folders. may_<room> says what it
# may include, as a regular expression over the path after "skipmax/".

set(ground "(config|version|error|problem|tensor_view|simd/isa)\\.hpp")
set(slot "(config|error|problem)\\.hpp|simd/math\\.hpp")
# What a slot is, and the two score functions that stand for "nothing here".
set(concepts "score/(score_function|identity|softcap)\\.hpp|normalize/(row_normalizer|divisor)\\.hpp")
string(APPEND concepts "|mask/mask_policy\\.hpp|bias/score_bias\\.hpp|row/row_(transform|slots)\\.hpp|segments\\.hpp")

set(may_config "")
set(may_version "")
set(may_error "config\\.hpp")
set(may_problem "config\\.hpp")
set(may_tensor_view "config\\.hpp")
set(may_simd "${ground}|simd/.*")
set(may_score "${slot}|score/.*")
set(may_normalize "${slot}|simd/.*|mask/mask_policy\\.hpp|normalize/.*")
set(may_mask "${slot}|simd/flags\\.hpp|bias/score_bias\\.hpp|mask/.*")
set(may_bias "${slot}|tensor_view\\.hpp|simd/prefetch\\.hpp|bias/.*")
set(may_row "${slot}|tensor_view\\.hpp|score/(score_function|identity)\\.hpp|simd/.*|row/.*")
set(may_transform_rows "${ground}|(check_views|workspace)\\.hpp|(execution|row)/.*")
set(may_segments "${slot}")
set(may_execution "${ground}|execution/.*")
set(may_workspace "${ground}")
set(may_check_views "${ground}")
set(may_plan "${ground}|${concepts}|check_views\\.hpp|simd/.*|tile/.*")
set(may_tile "${ground}|${concepts}|simd/.*|tile/.*")
set(may_drive "${ground}|${concepts}|(plan|workspace|execution/executor)\\.hpp")
string(APPEND may_drive "|(simd|tile|drive)/.*")
set(may_attention "${ground}|(plan|workspace|segments)\\.hpp")
string(APPEND may_attention "|(score|normalize|mask|bias|row|execution|drive|tile|simd)/.*")
set(may_eigen "${ground}|execution/.*|eigen/.*")
set(may_reference "${ground}|(attention|segments)\\.hpp|simd/math\\.hpp")
string(APPEND may_reference "|(score|normalize|mask|bias|row|reference)/.*")
set(may_testing "${ground}|score/.*|simd/.*|testing/.*")
set(may_skipmax ".*")

# The core needs neither Eigen nor threads: attention.hpp may not reach these in any number of steps.
set(not_from_attention "^(Eigen|unsupported)/|^(thread|mutex|condition_variable|omp\\.h|iostream)$")

# --- the check ----------------------------------------------------------------------------------

set(mistakes "")

function(mistake text)
  message("${text}")
  set(mistakes "${mistakes};${text}" PARENT_SCOPE)
endfunction()

function(read_includes header out)
  file(STRINGS ${INCLUDE_DIR}/skipmax/${header} lines REGEX "^[ \t]*#[ \t]*include")
  set(includes "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*([<\"][^>\"]*).*" "\\1" include "${line}")
    list(APPEND includes "${include}")
  endforeach()
  set(${out} "${includes}" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE all_headers RELATIVE ${INCLUDE_DIR}/skipmax ${INCLUDE_DIR}/skipmax/*.hpp)
if(NOT all_headers)
  message(FATAL_ERROR "check_layers: no headers in ${INCLUDE_DIR}/skipmax")
endif()

foreach(header IN LISTS all_headers)
  string(REGEX REPLACE "(/.*|\\.hpp)$" "" room "${header}")
  if(NOT DEFINED may_${room})
    mistake("skipmax/${header}: the layer check has no rule for '${room}'")
    continue()
  endif()
  read_includes(${header} includes)
  foreach(include IN LISTS includes)
    if(include MATCHES "^[<\"]skipmax/(.*)")
      set(path "${CMAKE_MATCH_1}")
      if(NOT EXISTS ${INCLUDE_DIR}/skipmax/${path})
        mistake("skipmax/${header} includes skipmax/${path}, which does not exist")
      elseif(include MATCHES "^<")
        mistake("skipmax/${header} includes <skipmax/${path}>, wanted quotes")
      elseif(NOT path MATCHES "^(${may_${room}})$")
        mistake("skipmax/${header} includes skipmax/${path}: no arrow from '${room}' to there")
      endif()
    elseif(include MATCHES "^\"")
      mistake("skipmax/${header} includes ${include}\", wanted the whole path, \"skipmax/...\"")
    endif()
  endforeach()
endforeach()

set(reached attention.hpp)
set(next attention.hpp)
while(next)
  list(POP_FRONT next header)
  if(NOT EXISTS ${INCLUDE_DIR}/skipmax/${header})
    continue()
  endif()
  read_includes(${header} includes)
  foreach(include IN LISTS includes)
    string(SUBSTRING "${include}" 1 -1 path)
    if(path MATCHES "${not_from_attention}")
      mistake("skipmax/attention.hpp reaches <${path}> through skipmax/${header}")
    elseif(path MATCHES "^skipmax/(.*)" AND NOT CMAKE_MATCH_1 IN_LIST reached)
      list(APPEND reached ${CMAKE_MATCH_1})
      list(APPEND next ${CMAKE_MATCH_1})
    endif()
  endforeach()
endwhile()

if(mistakes)
  message(FATAL_ERROR "check_layers: the include graph is not the design's")
endif()
list(LENGTH all_headers count)
message(STATUS "check_layers: ${count} headers, every arrow runs the right way")
