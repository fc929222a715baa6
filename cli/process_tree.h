#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "common/process/process.h"

namespace rtprof::cli {

// A process and its descendants, as they come and go. A process that is not profiled (a shell, a master that
// is no Python) is followed all the same, since its children may be. Descendants stay in the tree when what
// lies between ends.
class ProcessTree {
 public:
  // Returns whether the process is profiled from now on. One that is not is offered again for a while, since
  // its runtime may just be starting, and whenever it has become another program.
  using Offer = std::function<bool(const Process&)>;

  // `root` was offered already.
  void add_root(pid_t root, bool taken);

  // Looks for new processes and offers them. Costs a read of /proc for each thread of
  // the tree's processes.
  void scan(const Offer& offer);

  bool any_alive() const;

 private:
  struct Member {
    Process process;
    bool taken;
    int offers = 1;
  };
  void look_at(pid_t pid, const Offer& offer);

  std::map<pid_t, Member> members_;
};

}  // namespace rtprof::cli
