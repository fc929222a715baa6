#include "common/process/target_root.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.h"

namespace rtprof {

Result<UniqueFd> open_directory_of(const Process& process, const std::string& path) {
  UniqueFd root(::open((process.directory() + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto failure = [&] { return Failure{fmt::format("{}: {}", path, errno_text(errno)), errno}; };
  if (!root.valid()) return failure();
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd directory(static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  // Before Linux 5.6, or where a filter does not know it: without links then.
  if (!directory.valid() && (errno == ENOSYS || errno == EPERM)) {
    directory.reset(::openat(root.get(), path.c_str() + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!directory.valid()) return failure();
  return directory;
}

}  // namespace rtprof
