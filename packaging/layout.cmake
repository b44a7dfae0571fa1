# Makes of an installed tree what a kind of package wants. CPack runs it before it builds one.
set(share "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share")

# The installation took the place for the machine that it ran on, which is Debian's on Debian.
if(CPACK_GENERATOR STREQUAL "RPM" AND EXISTS "${share}/zsh/vendor-completions")
  file(RENAME "${share}/zsh/vendor-completions" "${share}/zsh/site-functions")
endif()

if(CPACK_GENERATOR STREQUAL "DEB")
  set(doc "${share}/doc/logfia")
  file(REMOVE "${doc}/LICENSE" "${doc}/CHANGELOG.md")  # they stand in `copyright` and `changelog`
  configure_file("${CPACK_LOGFIA_SOURCE_DIR}/packaging/copyright" "${doc}/copyright" COPYONLY)
  configure_file("${CPACK_LOGFIA_SOURCE_DIR}/CHANGELOG.md" "${doc}/changelog" COPYONLY)
  configure_file("${CPACK_LOGFIA_BINARY_DIR}/packaging/changelog.Debian" "${doc}/changelog.Debian" COPYONLY)
  # -n: no time of day in the file, so that the same tree gives the same package.
  execute_process(
    COMMAND gzip -9nf "${doc}/changelog" "${doc}/changelog.Debian" "${share}/man/man1/logfia.1"
    COMMAND_ERROR_IS_FATAL ANY)
endif()
