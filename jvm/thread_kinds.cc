#include "jvm/thread_kinds.h"

#include <algorithm>

namespace rtprof::jvm {
namespace {

// Names of the kinds of threads, cut to 15 letters, with the number that may follow left out
// (os::create_thread and the collectors' sources).
struct Kind {
  std::string_view name;
  std::string_view kind;
};
constexpr Kind kKinds[] = {
    {"C1 CompilerThre", "[JIT compiler]"},
    {"C2 CompilerThre", "[JIT compiler]"},
    {"JVMCI CompilerT", "[JIT compiler]"},
    {"G1 Conc#", "[GC]"},
    {"G1 Main Marker", "[GC]"},
    {"G1 Main Concurr", "[GC]"},
    {"G1 Concurrent R", "[GC]"},
    {"G1 Parallel Mar", "[GC]"},
    {"G1 Refine#", "[GC]"},
    {"G1 Refine Contr", "[GC]"},
    {"G1 Service", "[GC]"},
    {"G1 Young RemSet", "[GC]"},
    {"G1 Worker Threa", "[GC]"},
    {"GC Thread#", "[GC]"},
    {"GC task thread#", "[GC]"},
    {"Gang worker#", "[GC]"},
    {"ParGC Thread#", "[GC]"},
    {"Shenandoah GC T", "[GC]"},
    {"Shenandoah Cont", "[GC]"},
    {"ShenControlThre", "[GC]"},
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
    {"Concurrent Mark", "[GC]"},
    {"Runtime Worker#", "[GC]"},
    {"RuntimeWorker#", "[GC]"},
    {"VM Thread", "[VM]"},
    {"VM Periodic Tas", "[VM]"},
    {"Sweeper thread", "[VM]"},
};

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

}  // namespace

std::string_view kind_of_thread(std::string_view name) {
  for (const Kind& each : kKinds) {
    bool begins = name.starts_with(each.name);
    std::string_view rest = begins ? name.substr(each.name.size()) : std::string_view();
    auto behind_number = std::find_if_not(rest.begin(), rest.end(), is_digit);
    // "Gang worker#0 (Parallel GC Threads)"
    bool goes_on = each.name.ends_with('#') && behind_number != rest.end() && *behind_number == ' ';
    if (begins && (behind_number == rest.end() || goes_on)) return each.kind;
  }
  return {};
}

}  // namespace rtprof::jvm
