#include "common/process/target_root.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/error.h"

namespace rtprof {

namespace {

UniqueFd open_without_links(const UniqueFd& root, const std::string& path) {
  UniqueFd directory(::dup(root.get()));
  for (size_t at = 1; directory.valid() && at < path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string part = path.substr(at, end - at);
    directory.reset(::openat(directory.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    at = end + 1;
  }
  return directory;
}

}  // namespace

Result<UniqueFd> open_directory_of(const Process& process, const std::string& path) {
  UniqueFd root(::open((process.directory() + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto failure = [&] { return Failure{fmt::format("{}: {}", path, errno_text(errno)), errno}; };
  if (!root.valid()) return failure();
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd directory(static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  // Before Linux 5.6, or where a filter does not know it.
  if (!directory.valid() && (errno == ENOSYS || errno == EPERM)) directory = open_without_links(root, path);
  if (!directory.valid()) return failure();
  return directory;
}

}  // namespace rtprof
