#include "native/standing_threads.h"

#include <algorithm>

namespace rtprof::native {
namespace {

constexpr size_t kMostStackBytes = 1 << 20;

}  // namespace

std::optional<StackSnapshot> StackReader::read(const Registers& registers) {
  auto mapping = std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& each) {
    return registers.sp() >= each.start && registers.sp() < each.end;
  });
  if (mapping == mappings_.end()) return std::nullopt;
  stack_.resize(std::min<size_t>(mapping->end - registers.sp(), kMostStackBytes));
  if (!process_.memory().read(registers.sp(), stack_.data(), stack_.size())) return std::nullopt;
  return StackSnapshot{registers, registers.sp(), stack_};
}

void read_standing_threads(const Process& process, kernel::ThreadRegisters& saved, StackReader& reader,
                           const std::map<pid_t, ThreadTimes>& before,
                           const std::function<void(pid_t, const StackSnapshot&)>& use) {
  if (before.empty()) return;
  auto all = saved.read(process.pid());
  for (const auto& [tid, times] : before) {
    auto registers = all.find(tid);
    if (registers == all.end()) continue;
    auto snapshot = reader.read(registers->second.registers);
    if (snapshot && ThreadProbe(process.pid(), tid).times() == times) use(tid, *snapshot);
  }
}

}  // namespace rtprof::native
