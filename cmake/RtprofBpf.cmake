# rtprof_bpf(NAME FILE): compiles FILE (a .bpf.c) and generates NAME.skel.h, included as "bpf/NAME.skel.h".
# Structures of the kernel are declared in the programs themselves and relocated by libbpf, so neither the
# build host's kernel nor its BTF matters.
find_program(BPF_CLANG NAMES clang clang-19 clang-16 clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)
set(BPF_OUTPUT ${PROJECT_BINARY_DIR}/generated/bpf)
file(MAKE_DIRECTORY ${BPF_OUTPUT})

function(rtprof_bpf name file)
  set(object ${BPF_OUTPUT}/${name}.bpf.o)
  set(skeleton ${BPF_OUTPUT}/${name}.skel.h)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${BPF_CLANG} -O2 -g -Wall -Werror -target bpf -mcpu=v3 -D__TARGET_ARCH_x86
            -I${PROJECT_SOURCE_DIR} -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -MD -MF ${object}.d -c ${CMAKE_CURRENT_SOURCE_DIR}/${file} -o ${object}
    DEPENDS ${file}
    DEPFILE ${object}.d
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}
    DEPENDS ${object})
  add_custom_target(bpf_${name} DEPENDS ${skeleton})
endfunction()
