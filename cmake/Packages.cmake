# `cpack --config build/release/CPackConfig.cmake -G DEB` (or RPM, or TGZ) makes the package.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME logfia)
set(CPACK_PACKAGE_VENDOR "logfia authors")
set(CPACK_PACKAGE_CONTACT "logfia authors <logfia@example.org>" CACHE STRING
  "Whom a package names as its maintainer")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "see what a process opens and closes, as it happens")
set(CPACK_PACKAGE_DESCRIPTION "\
logfia looks at the descriptors of processes again and again, and prints one
record for each file and socket that came or went, with the peer and its host
name. It needs no root and no kernel module, and injects nothing into the
process. Records are text or JSON Lines; summaries, and a verdict on leaked
descriptors for scripts, come at the end.")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/package")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(LOGFIA_DEBIAN_VERSION "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
# Of today, or what SOURCE_DATE_EPOCH says.
string(TIMESTAMP LOGFIA_PACKAGED "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/debian-changelog.in packaging/changelog.Debian @ONLY)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE BSD-3-Clause)
set(CPACK_RPM_PACKAGE_GROUP Applications/System)
# Folders that belong to other packages.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
  /usr/share/man /usr/share/man/man1 /usr/share/bash-completion /usr/share/bash-completion/completions
  /usr/share/fish /usr/share/fish/vendor_completions.d /usr/share/zsh /usr/share/zsh/site-functions)

set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/packaging/layout.cmake")
set(CPACK_LOGFIA_SOURCE_DIR "${PROJECT_SOURCE_DIR}")
set(CPACK_LOGFIA_BINARY_DIR "${PROJECT_BINARY_DIR}")
include(CPack)
