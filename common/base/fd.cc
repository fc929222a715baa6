#include "common/base/fd.h"

#include <sys/resource.h>

namespace rtprof {

bool descriptors_scarce(const UniqueFd& fd) {
  rlimit limit{};
  if (!fd.valid() || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  return static_cast<rlim_t>(fd.get()) >= limit.rlim_cur / 2;
}

}  // namespace rtprof
