#include "common/process/effective_ids.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace rtprof {
namespace {

// libc's own would change all threads of the process.
void become(uid_t user, gid_t group) {
  ::syscall(SYS_setresgid, -1, group, -1);
  ::syscall(SYS_setresuid, -1, user, -1);
}

}  // namespace

EffectiveIds::EffectiveIds(uid_t user, gid_t group) : user_before_(::geteuid()), group_before_(::getegid()) {
  if (user != user_before_ || group != group_before_) become(user, group);
}

EffectiveIds::~EffectiveIds() {
  // The user first: it is what permits the group.
  if (static_cast<uid_t>(::syscall(SYS_geteuid)) != user_before_)
    ::syscall(SYS_setresuid, -1, user_before_, -1);
  if (static_cast<gid_t>(::syscall(SYS_getegid)) != group_before_)
    ::syscall(SYS_setresgid, -1, group_before_, -1);
}

}  // namespace rtprof
