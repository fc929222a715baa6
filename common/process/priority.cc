#include "common/process/priority.h"

#include <sys/resource.h>

#include <cerrno>

namespace rtprof {
namespace {

constexpr int kHighest = -20;

}  // namespace

HighPriority::HighPriority(bool wanted) {
  errno = 0;
  before_ = ::getpriority(PRIO_PROCESS, 0);
  raised_ = wanted && errno == 0 && ::setpriority(PRIO_PROCESS, 0, kHighest) == 0;
}

HighPriority::~HighPriority() {
  if (raised_) ::setpriority(PRIO_PROCESS, 0, before_);
}

}  // namespace rtprof
