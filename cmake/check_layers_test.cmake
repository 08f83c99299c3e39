# Tests that the layer check finds mistakes: each case is a header tree with a mistake, or none, and
# the words that the check must say about it.
#
#   cmake -D WORK_DIR=<scratch> -P cmake/check_layers_test.cmake
cmake_minimum_required(VERSION 3.25)

# write(<header> <line>...) puts a header into the tree of the case.
function(write header)
  list(JOIN ARGN "\n" text)
  file(WRITE ${WORK_DIR}/include/skipmax/${header} "${text}\n")
endfunction()

function(check outcome words)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D INCLUDE_DIR=${WORK_DIR}/include -P
            ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_layers.cmake
    RESULT_VARIABLE result
    OUTPUT_VARIABLE said
    ERROR_VARIABLE said)
  if(outcome STREQUAL "passes" AND NOT result EQUAL 0 OR outcome STREQUAL "fails" AND result EQUAL 0)
    message(FATAL_ERROR "wanted a check that ${outcome}; it said:\n${said}")
  endif()
  string(FIND "${said}" "${words}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "wanted the words\n${words}\nfound\n${said}")
  endif()
  message(STATUS "${outcome}, as it should: ${words}")
endfunction()

function(sound_tree)
  file(REMOVE_RECURSE ${WORK_DIR}/include)
  write(config.hpp "#include <cstdint>")
  write(simd/math.hpp "#include \"skipmax/config.hpp\"")
  write(tile/score_tile.hpp "  #  include \"skipmax/simd/math.hpp\"  // spaces are no way round")
  write(score/relu.hpp "#include \"skipmax/simd/math.hpp\"")
  write(attention.hpp "#include \"skipmax/score/relu.hpp\"" "#include \"skipmax/tile/score_tile.hpp\"")
  write(eigen/tensor.hpp "#include <Eigen/Core>")
  write(skipmax.hpp "#include \"skipmax/attention.hpp\"" "#include \"skipmax/eigen/tensor.hpp\"")
endfunction()

sound_tree()
check(passes "7 headers")

sound_tree()
write(simd/math.hpp "#include \"skipmax/tile/score_tile.hpp\"")
check(fails "skipmax/simd/math.hpp includes skipmax/tile/score_tile.hpp: no arrow from 'simd' to there")

sound_tree()
write(score/relu.hpp "#include \"skipmax/attention.hpp\"")
check(fails "skipmax/score/relu.hpp includes skipmax/attention.hpp: no arrow from 'score' to there")

sound_tree()
write(attention.hpp "#include \"skipmax/eigen/tensor.hpp\"")
check(fails "no arrow from 'attention' to there")

sound_tree()
write(tile/score_tile.hpp "#include <Eigen/Core>")
check(fails "skipmax/attention.hpp reaches <Eigen/Core> through skipmax/tile/score_tile.hpp")

sound_tree()
write(score/relu.hpp "#include \"skipmax/score/gone.hpp\"")
check(fails "which does not exist")

sound_tree()
write(score/relu.hpp "#include <skipmax/simd/math.hpp>")
check(fails "wanted quotes")

sound_tree()
write(score/relu.hpp "#include \"../simd/math.hpp\"")
check(fails "wanted the whole path")

sound_tree()
write(novelty/idea.hpp "#include <cmath>")
check(fails "no rule for 'novelty'")

file(REMOVE_RECURSE ${WORK_DIR}/include)
