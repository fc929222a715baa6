#include "common/sampler/session.h"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace rtprof {
namespace {

constexpr Nanoseconds kDrainPeriod = 100 * kMillisecond;

}  // namespace

void Session::add(std::unique_ptr<Source> source) {
  Schedule schedule = source->schedule();
  entries_.push_back({std::move(source), Ticker(schedule.period, monotonic_now()), schedule, {}});
}

TimePoint Session::since() const {
  TimePoint first = monotonic_now();
  for (const Entry& entry : entries_) {
    if (entry.source) first = std::min(first, entry.source->since());
  }
  return first;
}

bool Session::any_live() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.source != nullptr; });
}

void Session::wait(TimePoint until) const {
  Nanoseconds left = until - monotonic_now();
  if (left <= 0) return;
  std::vector<pollfd> descriptors;
  for (const Entry& entry : entries_) {
    if (entry.source && entry.schedule.fd >= 0) descriptors.push_back({entry.schedule.fd, POLLIN, 0});
  }
  timespec timeout{left / kSecond, left % kSecond};
  ::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
}

void Session::serve(TimePoint now, bool drain_all) {
  for (Entry& entry : entries_) {
    if (!entry.source) continue;
    if (entry.schedule.fd >= 0 || drain_all) entry.source->drain(recorder_);
    if (entry.schedule.period != 0 && entry.ticker.due(now)) {
      entry.source->tick(now, recorder_);
      if (uint64_t missed = entry.ticker.advance(monotonic_now())) entry.source->missed_ticks(missed);
    }
    if (drain_all && entry.source->ended()) end(entry);
  }
}

void Session::end(Entry& entry) {
  entry.source->drain(recorder_);
  entry.source->flush(recorder_);
  entry.final_quality = entry.source->quality();
  entry.source.reset();
}

void Session::run(TimePoint deadline, const std::atomic<bool>& stop, Nanoseconds refresh_period,
                  const std::function<bool()>& refresh) {
  TimePoint now = monotonic_now();
  TimePoint next_drain = now + kDrainPeriod;
  TimePoint next_refresh = now + refresh_period;
  bool more_may_come = true;
  while (!stop && (any_live() || more_may_come) && (deadline == 0 || now < deadline)) {
    TimePoint until = std::min(next_drain, next_refresh);
    if (deadline != 0) until = std::min(until, deadline);
    for (const Entry& entry : entries_) {
      if (entry.source && entry.schedule.period != 0) until = std::min(until, entry.ticker.next());
    }
    wait(until);
    now = monotonic_now();
    bool drain_all = now >= next_drain;
    if (drain_all) next_drain = now + kDrainPeriod;
    serve(now, drain_all);
    if (now >= next_refresh) {
      more_may_come = refresh();
      next_refresh = now + refresh_period;
    }
  }
  flush();
}

void Session::flush() {
  for (Entry& entry : entries_) {
    if (!entry.source) continue;
    entry.source->drain(recorder_);
    entry.source->flush(recorder_);
  }
}

std::vector<RunQuality> Session::quality() const {
  std::vector<RunQuality> all;
  for (const Entry& entry : entries_) {
    std::vector<RunQuality> own = entry.source ? entry.source->quality() : entry.final_quality;
    std::move(own.begin(), own.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace rtprof
