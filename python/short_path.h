#pragma once

#include <string>
#include <unordered_map>

#include "common/base/fd.h"

namespace rtprof {

// Source paths as they are shown: without the directories above the outermost package, which is the topmost
// of the directories from the file's own upwards that hold an __init__.py. "/usr/lib/python3/json/decoder.py"
// becomes "json/decoder.py". Looked up in the target's root; remembered for each path.
class ShortPaths {
 public:
  // "/proc/PID", or empty: nothing is looked up, and only the file's name is kept.
  explicit ShortPaths(const std::string& process_directory);

  const std::string& shorten(const std::string& path);

 private:
  bool is_package(const std::string& directory);

  UniqueFd root_;
  UniqueFd working_directory_;  // for relative paths
  std::unordered_map<std::string, std::string> known_;
  std::unordered_map<std::string, bool> packages_;  // by directory
};

}  // namespace rtprof
