#include "python/short_path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace rtprof {
namespace {

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// Whether `path` exists below the directory `root`, whose links stay inside it.
bool exists_in(int root, const std::string& path, uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve;
  UniqueFd found(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
  if (found.valid()) return true;
  // Before Linux 5.6, or forbidden by a sandbox: an absolute link then leads into our own root.
  if (errno != ENOSYS && errno != EPERM) return false;
  return ::faccessat(root, path.c_str() + path.find_first_not_of('/'), F_OK, 0) == 0;
}

}  // namespace

ShortPaths::ShortPaths(const std::string& process_directory) {
  if (process_directory.empty()) return;
  root_ = open_directory(process_directory + "/root");
  working_directory_ = open_directory(process_directory + "/cwd");
}

bool ShortPaths::is_package(const std::string& directory) {
  auto [known, added] = packages_.try_emplace(directory, false);
  if (!added) return known->second;
  std::string marker = directory + "/__init__.py";
  bool absolute = directory.starts_with('/');
  const UniqueFd& base = absolute ? root_ : working_directory_;
  if (base.valid()) known->second = exists_in(base.get(), marker, absolute ? RESOLVE_IN_ROOT : 0);
  return known->second;
}

const std::string& ShortPaths::shorten(const std::string& path) {
  auto [known, added] = known_.try_emplace(path, path);
  // "<string>", "<frozen os>", "<doctest /a/b>" are no paths.
  if (!added || path.starts_with('<')) return known->second;
  size_t cut = path.rfind('/');
  while (cut != std::string::npos && cut != 0 && is_package(path.substr(0, cut))) {
    cut = path.rfind('/', cut - 1);
  }
  if (cut != std::string::npos) known->second = path.substr(cut + 1);
  return known->second;
}

}  // namespace rtprof
