#pragma once

#include <sys/types.h>

namespace rtprof {

// Lets the calling thread, and no other, act as a user and a group where that is permitted, until it is
// destroyed: for peers that look at who has connected, and files that have to be somebody's.
class EffectiveIds {
 public:
  EffectiveIds(uid_t user, gid_t group);
  ~EffectiveIds();
  EffectiveIds(const EffectiveIds&) = delete;
  EffectiveIds& operator=(const EffectiveIds&) = delete;

 private:
  uid_t user_before_;
  gid_t group_before_;
};

}  // namespace rtprof
