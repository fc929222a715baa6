#include "native/standing_threads.h"

namespace rtprof::native {

void read_standing_threads(const Process& process, kernel::ThreadRegisters& saved, StackReader& reader,
                           RuntimeCode* runtime, const std::map<pid_t, ThreadTimes>& before,
                           const std::function<void(pid_t, const StackSnapshot&)>& use) {
  if (before.empty()) return;
  auto all = saved.read(process.pid());
  for (const auto& [tid, times] : before) {
    auto registers = all.find(tid);
    if (registers == all.end()) continue;
    auto snapshot = reader.read(registers->second.registers);
    std::vector<uint8_t> beside;
    if (snapshot && runtime != nullptr) beside = runtime->beside_stack(tid);
    if (!snapshot || ThreadProbe(process.pid(), tid).times() != times) continue;
    snapshot->thread = tid;
    snapshot->stands = true;
    snapshot->attached = beside;
    use(tid, *snapshot);
  }
}

}  // namespace rtprof::native
