# A program of somebody else's, outside the tree, that uses the library in three ways: installed into
# a prefix and found there, by FetchContent, and as a sub-directory. Its build has none of our switches.
set(consumer ${CMAKE_CURRENT_BINARY_DIR}/consumer)

skipmax_project_test(consumer_install ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix
                     ${consumer}/prefix)
set_tests_properties(consumer_install PROPERTIES FIXTURES_SETUP installed_skipmax)

function(skipmax_consumer_test how)
  skipmax_project_test(
    consumer_${how}
    ${CMAKE_COMMAND}
    -D SOURCE=${CMAKE_CURRENT_SOURCE_DIR}/consumer
    -D WORK_DIR=${consumer}/${how}
    -D GENERATOR=${CMAKE_GENERATOR}
    -D COMPILER=${CMAKE_CXX_COMPILER}
    -D VERSION=${PROJECT_VERSION}
    -D HOW=${how}
    -D WHERE=${ARGN}
    -D XSIMD_DIR=${xsimd_DIR}
    -D EIGEN3_DIR=${Eigen3_DIR}
    -P ${PROJECT_SOURCE_DIR}/tests/consumer/run.cmake)
endfunction()

skipmax_consumer_test(find_package ${consumer}/prefix)
set_tests_properties(consumer_find_package PROPERTIES FIXTURES_REQUIRED installed_skipmax)
skipmax_consumer_test(FetchContent ${PROJECT_SOURCE_DIR})
skipmax_consumer_test(add_subdirectory ${PROJECT_SOURCE_DIR})
