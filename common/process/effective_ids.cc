#include "common/process/effective_ids.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace rtprof {

// By system calls: libc's own would change all threads of the process.
EffectiveIds::EffectiveIds(uid_t user, gid_t group) : user_before_(::geteuid()), group_before_(::getegid()) {
  if (user == user_before_ && group == group_before_) return;
  changed_ = true;
  int count = ::getgroups(0, nullptr);
  groups_before_.resize(count > 0 ? static_cast<size_t>(count) : 0);
  if (::getgroups(count, groups_before_.data()) < 0) groups_before_.clear();
  ::syscall(SYS_setgroups, 0, nullptr);
  ::syscall(SYS_setresgid, -1, group, -1);
  ::syscall(SYS_setresuid, -1, user, -1);
}

EffectiveIds::~EffectiveIds() {
  if (!changed_) return;
  // The user first: it is what permits the others.
  ::syscall(SYS_setresuid, -1, user_before_, -1);
  ::syscall(SYS_setresgid, -1, group_before_, -1);
  ::syscall(SYS_setgroups, groups_before_.size(), groups_before_.data());
}

}  // namespace rtprof
