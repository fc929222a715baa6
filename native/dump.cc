#include "native/dump.h"

#include <algorithm>

#include "native/dumped_frames.h"
#include "native/thread_stacks.h"

namespace rtprof::native {

ThreadDump dump_native(const Process& process, const DumpOptions& options) {
  ThreadStacks stacks(process, options);
  stacks.take();
  Profile profile;
  ThreadDump dump;
  dump.pid = process.pid();
  dump.runtime = "native";
  dump.program = process.executable();
  dump.command = process.command();
  for (const auto& [tid, taken] : stacks.threads()) {
    if (taken.state == ThreadState::kEnded) continue;
    DumpedThread thread;
    thread.tid = tid;
    thread.name = kernel_thread_name(process.pid(), tid);
    thread.state = taken.state;
    for (const MachineFrame& frame : taken.frames)
      append_dumped_frames(frame, process, stacks.space(), stacks.symbolizer(), profile, thread.frames);
    append_marks(taken, unwind_end_text(taken.end), thread.frames);
    dump.threads.push_back(std::move(thread));
  }
  std::stable_partition(dump.threads.begin(), dump.threads.end(),
                        [&](const DumpedThread& thread) { return thread.tid == process.pid(); });
  stacks.add_notes(dump);
  return dump;
}

}  // namespace rtprof::native
