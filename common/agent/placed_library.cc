#include "common/agent/placed_library.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/process/effective_ids.h"
#include "common/process/procfs.h"
#include "common/process/target_root.h"

namespace rtprof {
namespace {

constexpr const char* kPlaces[] = {"/tmp", "/dev/shm", "/var/tmp", "/run"};
constexpr Nanoseconds kPatience = 10 * kSecond;  // with another rtprof
constexpr auto kBetweenLooks = std::chrono::milliseconds(20);

// FNV-1a.
uint64_t hash_of(std::span<const uint8_t> bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

Failure failed(const std::string& what) {
  return {fmt::format("{}: {}", what, errno_text(errno)), errno};
}

std::optional<std::string> why_not_in(int directory) {
  struct statvfs facts {};
  if (::fstatvfs(directory, &facts) != 0) return errno_text(errno);
  if ((facts.f_flag & ST_RDONLY) != 0) return "mounted read-only";
  if ((facts.f_flag & ST_NOEXEC) != 0) return "mounted noexec";
  return std::nullopt;
}

struct Owner {
  uid_t user;
  gid_t group;
};

// Nothing where the process has ended: its id may be another's by now.
std::optional<Owner> owner_for(const Process& process) {
  auto status = read_status(process.directory());
  if (!status || !process.alive()) return std::nullopt;
  return Owner{status->effective_uid, status->effective_gid};
}

// The directory, new or left over, with a lock on it; nobody else's. As the owner.
Result<UniqueFd> make_directory(int parent, const std::string& name, const Owner& owner) {
  TimePoint until = monotonic_now() + kPatience;
  for (;;) {
    if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST)
      return failed("cannot make a directory");
    UniqueFd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat facts {};
    if (!directory.valid() && errno == ENOENT) continue;
    if (!directory.valid() || ::fstat(directory.get(), &facts) != 0) return failed("cannot open " + name);
    if (facts.st_uid != owner.user || (facts.st_mode & 077) != 0)
      return Failure{fmt::format("{} is not for the target's user alone", name), EEXIST};
    bool is_locked = ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
    // Removed by who had the lock.
    bool is_there = is_locked && ::fstat(directory.get(), &facts) == 0 && facts.st_nlink != 0;
    if (is_there) return directory;
    if (!is_locked && monotonic_now() > until)
      return Failure{"another rtprof has been attaching to the process for 10 s", EBUSY};
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

std::optional<Failure> write_file(int directory, const char* name, std::span<const uint8_t> bytes) {
  ::unlinkat(directory, name, 0);
  UniqueFd file(::openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0500));
  if (!file.valid()) return failed("cannot make a file");
  while (!bytes.empty()) {
    ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("cannot write the agent's library");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return std::nullopt;
}

}  // namespace

Result<PlacedLibrary> PlacedLibrary::place(const Process& process, std::span<const uint8_t> library) {
  std::string reasons;
  int error = EACCES;
  for (const char* place : kPlaces) {
    auto directory = open_directory_of(process, place);
    std::optional<std::string> reason;
    if (!directory) {
      reason = errno_text(directory.failure().error);
    } else if (!(reason = why_not_in(directory->get()))) {
      auto placed = place_in(std::move(*directory), place, process, library);
      if (placed || placed.failure().error == EBUSY || placed.failure().error == ESRCH) return placed;
      reason = placed.failure().message;
      if (placed.failure().error == ENOSPC) error = ENOSPC;
    }
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", place, *reason);
  }
  return Failure{fmt::format("the agent's library finds no place in the target's file system: {}", reasons),
                 error};
}

Result<PlacedLibrary> PlacedLibrary::place_in(UniqueFd parent, const std::string& parent_path,
                                              const Process& process, std::span<const uint8_t> library) {
  auto owner = owner_for(process);
  if (!owner) return Failure{"the process has ended", ESRCH};
  std::string name = fmt::format(".rtprof-{}-{:016x}", process.ns_pid(), hash_of(library));
  auto keeper = FileKeeper::start({parent.get(), name, {kLibrary, kSocket}, owner->user, owner->group});
  if (!keeper) return keeper.failure();
  // All of it as the target's user, who may have anything in the place of what is made here.
  EffectiveIds ids(owner->user, owner->group);
  auto directory = make_directory(parent.get(), name, *owner);
  if (!directory) return directory.failure();
  if (auto failure = write_file(directory->get(), kLibrary, library)) return *failure;
  return PlacedLibrary(std::move(parent), std::move(*directory), parent_path + "/" + name,
                       std::move(*keeper));
}

}  // namespace rtprof
