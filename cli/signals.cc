#include "cli/signals.h"

#include <array>
#include <csignal>

namespace rtprof::cli {
namespace {

constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// A second signal finds the default action in place: a recording that hangs can still be ended by hand.
void request_stop(int signal) {
  stop_requested = true;
  ::signal(signal, SIG_DFL);
}

}  // namespace

StopOnSignal::StopOnSignal() {
  stop_requested = false;
  struct sigaction action {};
  action.sa_handler = request_stop;  // without SA_RESTART: waits end at once
  for (int signal : kSignals) ::sigaction(signal, &action, nullptr);
}

StopOnSignal::~StopOnSignal() {
  for (int signal : kSignals) ::signal(signal, SIG_DFL);
}

void StopOnSignal::request() {
  stop_requested = true;
}

const std::atomic<bool>& StopOnSignal::stopped() const {
  return stop_requested;
}

}  // namespace rtprof::cli
