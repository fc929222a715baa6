#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/agent/file_keeper.h"
#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/process/process.h"

namespace rtprof {

// A library in a directory of its own in the target's file system, which the target's user alone can enter.
// It is removed with this, and where this program is killed.
//
// The path is the same each time for the same library and process, by which the dynamic linker knows what it
// has loaded already; another rtprof that attaches meanwhile is waited for.
class PlacedLibrary {
 public:
  // Fails where the target has no directory for temporary files from which libraries can be loaded.
  static Result<PlacedLibrary> place(const Process& process, std::span<const uint8_t> library);

  // As the target sees them.
  std::string library() const { return path_ + "/" + kLibrary; }
  std::string socket() const { return path_ + "/" + kSocket; }
  // The directory, for a socket of this name in it that the target's user can connect to.
  int directory() const { return directory_.get(); }
  static constexpr const char* kSocket = "socket";

  PlacedLibrary(PlacedLibrary&&) = default;
  PlacedLibrary& operator=(PlacedLibrary&&) = delete;
  ~PlacedLibrary() { remove(); }

  void remove() {
    directory_.reset();  // and the lock with it
    keeper_.remove();
  }

 private:
  static constexpr const char* kLibrary = "agent.so";
  PlacedLibrary(UniqueFd parent, UniqueFd directory, std::string path, FileKeeper keeper)
      : parent_(std::move(parent)),
        directory_(std::move(directory)),
        path_(std::move(path)),
        keeper_(std::move(keeper)) {}
  static Result<PlacedLibrary> place_in(UniqueFd parent, const std::string& parent_path,
                                        const Process& process, std::span<const uint8_t> library);

  UniqueFd parent_;
  UniqueFd directory_;  // locked
  std::string path_;
  FileKeeper keeper_;
};

}  // namespace rtprof
