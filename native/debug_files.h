#pragma once

#include <optional>
#include <string>

#include "common/base/fd.h"
#include "common/elf/elf_file.h"
#include "native/binary.h"

namespace rtprof::native {

// The file that holds what was stripped from a binary: by build id
// ("/usr/lib/debug/.build-id/ab/cdef.debug"), else by the name in its .gnu_debuglink, beside the binary, in
// ".debug" beside it, or in /usr/lib/debug. Looked for in the root directory of the binary's process, then in
// ours. Only the file that belongs to the binary is found: the build id, or the checksum of the link, is that
// of the file. Not valid when there is none.
UniqueFd open_debug_file(const Binary& binary, const ElfFile& elf);
// The file of a build id among the debug files that go with a binary.
UniqueFd open_debug_file_of(const Binary& binary, const std::string& build_id);

// The ELF file within .gnu_debugdata: symbols that a distribution leaves in its stripped binaries, compressed
// with xz. Nothing when there is none, or when it cannot be unpacked into 256 MiB.
std::optional<std::string> unpack_debug_data(const ElfFile& elf);

}  // namespace rtprof::native
