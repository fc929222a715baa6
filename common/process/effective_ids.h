#pragma once

#include <sys/types.h>

#include <vector>

namespace rtprof {

// Lets the calling thread, and no other, act as a user with one group, where that is permitted, until it is
// destroyed: for peers that look at who has connected, and files that have to be somebody's.
class EffectiveIds {
 public:
  EffectiveIds(uid_t user, gid_t group);
  ~EffectiveIds();
  EffectiveIds(const EffectiveIds&) = delete;
  EffectiveIds& operator=(const EffectiveIds&) = delete;

 private:
  const uid_t user_before_;
  const gid_t group_before_;
  std::vector<gid_t> groups_before_;
  bool changed_ = false;
};

}  // namespace rtprof
