#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/elf/elf_file.h"
#include "common/process/process.h"

namespace rtprof::native {

// One ELF file that processes have mapped: what symbols and unwinding tables are made from. It stays readable
// when it is deleted or replaced, and when the process ends. Immutable, for any thread.
class Binary {
 public:
  // The file of a mapping. Never fails: a file that cannot be read has no segments and no build id, and
  // open_elf() says why.
  Binary(const Process& process, const Mapping& mapping);
  // A file image that is in memory only: the vDSO.
  Binary(std::string name, std::string image);

  const std::string& path() const { return path_; }  // as the process knows it
  const std::string& name() const { return name_; }  // its last part: "libc.so.6", "[vdso]"
  // Lower-case hex; empty when there is none.
  const std::string& build_id() const { return build_id_; }
  // The place of a byte of the file in its own address space; nothing when no loaded segment holds it.
  std::optional<uint64_t> address_of_offset(uint64_t offset) const;

  // A reader of its own for each caller: ELF handles are not for several threads.
  Result<ElfFile> open_elf() const;
  // A path that opens the file, for libraries that open files themselves; empty for an image in memory.
  std::string readable_path() const;
  // The bytes of an image in memory; empty for a file.
  const std::string& image() const { return image_; }
  // The root directory of the process it was found in, where its debug files are looked for: "/proc/12/root".
  const std::string& root() const { return root_; }

 private:
  void read_identity();

  std::string path_;
  std::string name_;
  std::string root_;
  std::string image_;
  UniqueFd file_;
  int open_error_ = 0;
  std::string build_id_;
  std::vector<ElfFile::Segment> segments_;
};

// The binaries of all processes of a run, each opened once. For any thread.
class BinaryCache {
 public:
  std::shared_ptr<const Binary> file(const Process& process, const Mapping& mapping);
  std::shared_ptr<const Binary> vdso(const Process& process, const Mapping& mapping);

 private:
  std::mutex mutex_;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<const Binary>> files_;  // by device and inode
  std::shared_ptr<const Binary> vdso_;
};

}  // namespace rtprof::native
