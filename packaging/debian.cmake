# Run by cpack over the installed files, before they become a package: adds what Debian's policy wants to find, and
# puts the debug symbols into a file of their own beside the package.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX})
set(doc ${root}/share/doc/rtprof)
set(version ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(symbols rtprof_${version}.debug)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(objcopy --only-keep-debug --compress-debug-sections ${root}/bin/rtprof ${CPACK_PACKAGE_DIRECTORY}/${symbols})
run(strip --remove-section=.comment ${root}/bin/rtprof)
run(objcopy --add-gnu-debuglink=${CPACK_PACKAGE_DIRECTORY}/${symbols} ${root}/bin/rtprof)

file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/copyright ${doc}/copyright)
file(REMOVE ${doc}/LICENSE)  # is in copyright

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog.Debian
"rtprof (${version}) unstable; urgency=medium

  * Packaged by the project itself; what is new is in changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
run(gzip -9n ${doc}/changelog ${doc}/changelog.Debian)  # without a time

file(MAKE_DIRECTORY ${root}/share/lintian/overrides)
file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides ${root}/share/lintian/overrides/rtprof)
