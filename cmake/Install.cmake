# What `cmake --install` puts where the system looks for it.
include(GNUInstallDirs)

install(TARGETS logfia)
install(FILES doc/logfia.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
# In their places to each other, so that the links between the documents work.
install(FILES README.md CHANGELOG.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY doc DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN *.md PATTERN *.svg)
install(FILES completions/logfia.bash
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME logfia)
install(FILES completions/logfia.fish DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")

# zsh looks into site-functions of its own prefix and of /usr/local; Debian's, for what packages bring,
# into vendor-completions. Which it is, is known only when the prefix is.
install(CODE "
  set(place \"site-functions\")
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\" AND EXISTS \"/etc/debian_version\")
    set(place \"vendor-completions\")
  endif()
  file(INSTALL \"${PROJECT_SOURCE_DIR}/completions/_logfia\"
    DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${place}\")")
