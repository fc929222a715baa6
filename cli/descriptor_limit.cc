#include "cli/descriptor_limit.h"

#include <sys/resource.h>

namespace rtprof::cli {
namespace {

rlimit before{};

}  // namespace

void raise_descriptor_limit() {
  if (::getrlimit(RLIMIT_NOFILE, &before) != 0) return;
  rlimit raised = before;
  raised.rlim_cur = raised.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &raised);
}

void restore_descriptor_limit() {
  if (before.rlim_max != 0) ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace rtprof::cli
