# Copies the consumer out of the tree, builds it afresh and runs what came out.
cmake_minimum_required(VERSION 3.25)

foreach(variable IN ITEMS CXXFLAGS CMAKE_PREFIX_PATH)
  unset(ENV{${variable}})
endforeach()

file(REMOVE_RECURSE ${WORK_DIR})
file(COPY ${SOURCE}/ DESTINATION ${WORK_DIR}/source)
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${WORK_DIR}/source -B ${WORK_DIR}/build -G ${GENERATOR}
          -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=-O1 -D HOW=${HOW}
          -D WHERE=${WHERE} -D WANTED_VERSION=${VERSION}
          -D xsimd_DIR=${XSIMD_DIR} -D Eigen3_DIR=${EIGEN3_DIR}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build COMMAND_ERROR_IS_FATAL ANY)
foreach(program IN ITEMS core with_eigen)
  execute_process(COMMAND ${WORK_DIR}/build/${program} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
