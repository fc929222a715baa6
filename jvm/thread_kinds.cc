#include "jvm/thread_kinds.h"

#include <algorithm>

namespace rtprof::jvm {
namespace {

// Names of the kinds of threads, without the number that may follow (os::create_thread and the collectors'
// sources).
struct Kind {
  std::string_view name;
  std::string_view kind;
};
constexpr Kind kKinds[] = {
    {"C1 CompilerThread", "[JIT compiler]"},
    {"C2 CompilerThread", "[JIT compiler]"},
    {"JVMCI CompilerThread", "[JIT compiler]"},
    {"G1 Conc#", "[GC]"},
    {"G1 Main Marker", "[GC]"},
    {"G1 Main Concurrent Mark GC Thread", "[GC]"},
    {"G1 Concurrent Refinement Thread#", "[GC]"},
    {"G1 Parallel Marking Threads", "[GC]"},
    {"G1 Refine#", "[GC]"},
    {"G1 Refine Control", "[GC]"},
    {"G1 Refinement Workers#", "[GC]"},
    {"G1 Service", "[GC]"},
    {"G1 Young RemSet Sampling", "[GC]"},
    {"G1 Worker Threads#", "[GC]"},
    {"GC Thread#", "[GC]"},
    {"GC task thread#", "[GC]"},
    {"Gang worker#", "[GC]"},
    {"ParGC Thread#", "[GC]"},
    {"Shenandoah GC Threads#", "[GC]"},
    {"Shenandoah Control Thread", "[GC]"},
    {"Shenandoah Uncommit Thread", "[GC]"},
    {"ShenControlThread", "[GC]"},
    {"ZWorker#", "[GC]"},
    {"ZWorkerYoung#", "[GC]"},
    {"ZWorkerOld#", "[GC]"},
    {"ZDirector", "[GC]"},
    {"ZDriver", "[GC]"},
    {"ZDriverMinor", "[GC]"},
    {"ZDriverMajor", "[GC]"},
    {"ZUncommitter", "[GC]"},
    {"ZUncommitter#", "[GC]"},
    {"ZUnmapper", "[GC]"},
    {"ZStat", "[GC]"},
    {"XWorker#", "[GC]"},
    {"XDirector", "[GC]"},
    {"XDriver", "[GC]"},
    {"XUncommitter", "[GC]"},
    {"XUnmapper", "[GC]"},
    {"XStat", "[GC]"},
    {"Concurrent Mark-Sweep GC Thread", "[GC]"},
    {"Runtime Worker#", "[GC]"},
    {"RuntimeWorker#", "[GC]"},
    {"VM Thread", "[VM]"},
    {"VM Periodic Task Thread", "[VM]"},
    {"Sweeper thread", "[VM]"},
};

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

std::string_view without_number(std::string_view name) {
  while (!name.empty() && is_digit(name.back())) name.remove_suffix(1);
  return name;
}

// Whether it is a whole name with or without a number, and with what may follow the number: "Gang worker#0
// (Parallel GC Threads)".
bool is_whole(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind)) return false;
  std::string_view rest = name.substr(kind.size());
  auto behind_number = std::find_if_not(rest.begin(), rest.end(), is_digit);
  bool goes_on = kind.ends_with('#') && behind_number != rest.end() && *behind_number == ' ';
  return behind_number == rest.end() || goes_on;
}

// The kernel keeps 15 letters: the first ones, or, of JDK 26, "VM Peri..Thread".
bool is_cut(std::string_view name, std::string_view kind) {
  constexpr size_t kKept = 15;
  constexpr size_t kBefore = 7;
  constexpr std::string_view kGap = "..";
  if (name.size() != kKept) return false;
  if (kind.starts_with(name)) return true;
  return name.substr(kBefore, kGap.size()) == kGap && kind.starts_with(name.substr(0, kBefore)) &&
         kind.ends_with(without_number(name.substr(kBefore + kGap.size())));
}

}  // namespace

std::string_view kind_of_thread(std::string_view name) {
  for (const Kind& each : kKinds) {
    if (is_whole(name, each.name) || is_cut(name, each.name)) return each.kind;
  }
  return {};
}

}  // namespace rtprof::jvm
