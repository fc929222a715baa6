#include "common/base/sink.h"

#include "common/base/file.h"

namespace rtprof {

void FdSink::pass_on(std::string_view bytes) {
  if (failure_) return;
  if (auto written = write_all(fd_, bytes); !written) failure_ = written.failure();
}

Result<bool> FdSink::finish() {
  flush();
  if (failure_) return *failure_;
  return true;
}

}  // namespace rtprof
