#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/process/process.h"

namespace rtprof::native {

// The entries of a perf map: the names of code that a runtime compiled into memory of its own. Lines of
// "START SIZE name", the numbers in hexadecimal (tools/perf/Documentation/jit-interface.txt). Code that was
// moved or thrown away leaves its line behind, so a later entry replaces those it overlaps.
class PerfMapEntries {
 public:
  // Takes whole lines; returns the length of those, without a last line that has no end yet. Lines of another
  // form are left out.
  size_t add(std::string_view text);
  std::optional<std::string_view> find(uint64_t address) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t end;
    uint32_t name;  // where it is in names_
    uint32_t length;
  };
  void add_line(std::string_view line);

  std::map<uint64_t, Entry> entries_;  // by start; they do not overlap
  std::string names_;
};

// The perf map of a process, /tmp/perf-PID.map as the process itself would name it, read as it grows. What
// anybody could have put there is not believed: only a regular file that belongs to the process's user or to
// root is. The first 256 MiB of it are read.
class PerfMap {
 public:
  explicit PerfMap(const Process& process);

  // Reads what has been written since the last call, at most every 100 ms. True when names may have changed.
  bool refresh();
  std::optional<std::string_view> find(uint64_t address) const { return entries_.find(address); }

 private:
  bool read(int fd, const struct stat& file);

  std::string path_;
  uint32_t owner_;
  TimePoint looked_ = 0;
  // Of the file that entries_ are from.
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
  struct timespec modified_ = {};
  uint64_t size_ = 0;
  uint64_t read_ = 0;  // bytes, all of whole lines
  PerfMapEntries entries_;
};

}  // namespace rtprof::native
