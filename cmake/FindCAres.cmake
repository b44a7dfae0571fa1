# Debian 12's libc-ares-dev ships no CMake config file, so the header and the library are looked for.
# Defines CAres::cares.
find_path(CARES_INCLUDE_DIR ares.h)
find_library(CARES_LIBRARY cares)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAres REQUIRED_VARS CARES_LIBRARY CARES_INCLUDE_DIR)
if(CAres_FOUND AND NOT TARGET CAres::cares)
  add_library(CAres::cares UNKNOWN IMPORTED)
  set_target_properties(CAres::cares PROPERTIES
    IMPORTED_LOCATION "${CARES_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CARES_INCLUDE_DIR}")
endif()
mark_as_advanced(CARES_INCLUDE_DIR CARES_LIBRARY)
