# Headers and package files. find_package(skipmax CONFIG) gives skipmax::skipmax, and skipmax::eigen
# if Eigen is found; COMPONENTS eigen makes Eigen a requirement.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/skipmax)

install(
  TARGETS skipmax
  EXPORT skipmax-targets
  FILE_SET HEADERS
  FILE_SET openmp_headers)
install(EXPORT skipmax-targets NAMESPACE skipmax:: DESTINATION ${package_dir})

if(TARGET skipmax_eigen)
  install(TARGETS skipmax_eigen EXPORT skipmax-eigen-targets FILE_SET HEADERS)
  install(EXPORT skipmax-eigen-targets NAMESPACE skipmax:: DESTINATION ${package_dir})
endif()

configure_package_config_file(cmake/skipmax-config.cmake.in skipmax-config.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break users.
write_basic_package_version_file(skipmax-config-version.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(
  FILES ${CMAKE_CURRENT_BINARY_DIR}/skipmax-config.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/skipmax-config-version.cmake
        ${CMAKE_CURRENT_LIST_DIR}/skipmax-dependencies.cmake
  DESTINATION ${package_dir})
