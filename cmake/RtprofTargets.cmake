# rtprof_library(NAME SOURCES... [DEPENDS targets...]): a static library with the house's warnings.
# Everything is compiled position independent, since the program is a static-pie.
# The global property RTPROF_LIBRARIES lists them all, for the tests.
add_library(rtprof_options INTERFACE)
target_include_directories(rtprof_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(rtprof_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Werror -Wno-missing-field-initializers>)
target_compile_definitions(rtprof_options INTERFACE _FILE_OFFSET_BITS=64
  RTPROF_VERSION="${PROJECT_VERSION}")
if(RTPROF_SANITIZE)
  target_compile_options(rtprof_options INTERFACE -fsanitize=${RTPROF_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(rtprof_options INTERFACE -fsanitize=${RTPROF_SANITIZE})
endif()
if(RTPROF_FUZZ)
  target_compile_options(rtprof_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all)
  target_link_options(rtprof_options INTERFACE -fsanitize=address,undefined)
endif()

# Debian has no static fmt. As headers only, it costs every file that formats some 3 s of compilation; which templates
# have to be instantiated for it to be compiled once depends on its version.
find_package(fmt REQUIRED)
if(fmt_VERSION VERSION_GREATER_EQUAL 9 AND fmt_VERSION VERSION_LESS 10)
  add_library(rtprof_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt.cc)
  target_compile_options(rtprof_fmt PRIVATE $<TARGET_PROPERTY:rtprof_options,INTERFACE_COMPILE_OPTIONS>)
  target_link_libraries(rtprof_options INTERFACE rtprof_fmt)
else()
  target_compile_definitions(rtprof_options INTERFACE FMT_HEADER_ONLY)
endif()

function(rtprof_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC rtprof_options ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY RTPROF_LIBRARIES ${name})
endfunction()
