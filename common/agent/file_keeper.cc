#include "common/agent/file_keeper.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace rtprof {
namespace {

constexpr int kLooks = 50;
constexpr useconds_t kBetweenLooksUs = 20'000;

void remove_files(int parent, const FileKeeper::Files& files) {
  int directory = parent;
  if (!files.directory.empty()) {
    directory = ::openat(parent, files.directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (directory < 0) return;
    // The lock of who was killed may go a moment later. Who else has it has a keeper, too.
    for (int i = 0; ::flock(directory, LOCK_EX | LOCK_NB) != 0; ++i) {
      if (i == kLooks) return;
      ::usleep(kBetweenLooksUs);
    }
  }
  for (const std::string& name : files.names) {
    struct stat facts {};
    bool is_ours =
        ::fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_uid == files.user;
    if (is_ours) ::unlinkat(directory, name.c_str(), 0);
  }
  if (!files.directory.empty()) ::unlinkat(parent, files.directory.c_str(), AT_REMOVEDIR);
}

void act(const void* subject) {
  const auto& files = *static_cast<const FileKeeper::Files*>(subject);
  for (int i = 0; !files.awaited.empty() && i < kLooks; ++i) {
    if (::faccessat(Keeper::kDirectory, files.awaited.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) break;
    ::usleep(kBetweenLooksUs);
  }
  remove_files(Keeper::kDirectory, files);
}

}  // namespace

Result<FileKeeper> FileKeeper::start(const Files& files) {
  auto keeper =
      Keeper::start({"file-keeper", "remove files", files.parent, files.user, files.group}, act, &files);
  if (!keeper) return keeper.failure();
  return FileKeeper(std::move(*keeper));
}

}  // namespace rtprof
