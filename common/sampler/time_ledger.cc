#include "common/sampler/time_ledger.h"

#include <algorithm>
#include <utility>

namespace rtprof {
namespace {

// The longest time between two timer ticks of a kernel, CONFIG_HZ=100. What was not counted for longer is not
// on a CPU.
constexpr Nanoseconds kLongestTick = 10 * kMillisecond;

}  // namespace

void TimeLedger::look(const ThreadTimes& times, TimePoint now, bool on_cpu) {
  Nanoseconds room = std::max<Nanoseconds>(now - looked_, 0);
  Nanoseconds counted = times.cpu - times_.cpu;
  if (on_cpu && counted == 0) {
    Nanoseconds more = std::min(room, kLongestTick - ahead_);
    running_debt_ += more;
    ahead_ += more;
  } else {
    running_debt_ += counted - ahead_;
    ahead_ = 0;
  }
  // A wait for a CPU is counted when it ends. Up to then it was taken for something else.
  runnable_debt_ += times.waited - times_.waited;
  other_ += room;
  Nanoseconds running = std::clamp<Nanoseconds>(running_debt_, 0, other_);
  other_ -= running;
  Nanoseconds runnable = std::clamp<Nanoseconds>(runnable_debt_, 0, other_);
  other_ -= runnable;
  running_ += running;
  runnable_ += runnable;
  running_debt_ -= running;
  runnable_debt_ -= runnable;
  times_ = times;
  looked_ = now;
}

Nanoseconds TimeLedger::take_running() {
  return std::exchange(running_, 0);
}

Nanoseconds TimeLedger::take_runnable() {
  return std::exchange(runnable_, 0);
}

Nanoseconds TimeLedger::take_other(Nanoseconds most) {
  Nanoseconds taken = std::min(other_, most);
  other_ -= taken;
  return taken;
}

}  // namespace rtprof
