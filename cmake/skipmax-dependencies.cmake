# Finds xsimd and Eigen, for this project's own build and for its installed package alike.
#
# Both are looked up without a version, and the version found is compared afterwards: their package
# files accept one major version only, so asking for "8.1 or later" would refuse all later major
# ones. Targets that already exist, from FetchContent, are used as they are. Each macro leaves
# `problem` empty, or says there what is wrong and how to mend it.

macro(skipmax_find_xsimd problem)
  set(${problem} "")
  if(NOT TARGET xsimd)
    find_package(xsimd CONFIG QUIET)
  endif()
  if(NOT TARGET xsimd)
    set(${problem} "xsimd is not found. On Debian: apt-get install libxsimd-dev. \
Elsewhere, add its prefix to CMAKE_PREFIX_PATH.")
  elseif(xsimd_VERSION AND xsimd_VERSION VERSION_LESS 8.1)
    set(${problem} "xsimd ${xsimd_VERSION} is found in ${xsimd_DIR}, wanted 8.1 or later.")
  elseif(NOT TARGET xtl)
    # Debian's xsimd target asks the linker for xtl: a header-only library that is neither installed
    # with it nor used unless XSIMD_ENABLE_XTL_COMPLEX is set.
    get_target_property(skipmax_xsimd_links xsimd INTERFACE_LINK_LIBRARIES)
    if(skipmax_xsimd_links)
      list(REMOVE_ITEM skipmax_xsimd_links xtl)
      set_property(TARGET xsimd PROPERTY INTERFACE_LINK_LIBRARIES ${skipmax_xsimd_links})
    endif()
    unset(skipmax_xsimd_links)
  endif()
endmacro()

macro(skipmax_find_eigen problem)
  set(${problem} "")
  if(NOT TARGET Eigen3::Eigen)
    find_package(Eigen3 CONFIG QUIET)
  endif()
  if(NOT TARGET Eigen3::Eigen)
    set(${problem} "Eigen is not found. On Debian: apt-get install libeigen3-dev. \
Elsewhere, add its prefix to CMAKE_PREFIX_PATH.")
  elseif(Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS 3.4)
    set(${problem} "Eigen ${Eigen3_VERSION} is found in ${Eigen3_DIR}, wanted 3.4 or later.")
  endif()
endmacro()
