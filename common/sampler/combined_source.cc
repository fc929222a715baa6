#include "common/sampler/combined_source.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/error.h"
#include "common/base/fd.h"

namespace rtprof {
namespace {

class CombinedSource final : public Source {
 public:
  explicit CombinedSource(std::vector<std::unique_ptr<Source>> sources) : sources_(std::move(sources)) {
    for (const auto& source : sources_) {
      Schedule schedule = source->schedule();
      if (schedule.period != 0) period_ = schedule.period;
      if (schedule.fd >= 0) add(schedule.fd);
    }
  }

  Schedule schedule() const override { return {period_, readable_.get()}; }
  TimePoint since() const override {
    TimePoint latest = 0;
    for (const auto& source : sources_) latest = std::max(latest, source->since());
    return latest;
  }
  void tick(TimePoint now, Recorder& recorder) override {
    for (const auto& source : sources_) {
      if (source->schedule().period != 0) source->tick(now, recorder);
    }
  }
  void drain(Recorder& recorder) override {
    for (const auto& source : sources_) source->drain(recorder);
  }
  void flush(Recorder& recorder) override {
    for (const auto& source : sources_) source->flush(recorder);
  }
  bool ended() const override {
    return std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->ended(); });
  }
  void missed_ticks(uint64_t missed) override {
    for (const auto& source : sources_) {
      if (source->schedule().period != 0) source->missed_ticks(missed);
    }
  }
  std::vector<RunQuality> quality() const override {
    std::vector<RunQuality> all;
    for (const auto& source : sources_) {
      for (RunQuality& each : source->quality()) all.push_back(std::move(each));
    }
    return all;
  }

 private:
  void add(int fd) {
    if (!readable_.valid()) readable_.reset(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.fd = fd;
    if (::epoll_ctl(readable_.get(), EPOLL_CTL_ADD, fd, &wanted) != 0)
      throw Error(ExitCode::kFailed, "cannot wait for several events: " + errno_text(errno));
  }

  std::vector<std::unique_ptr<Source>> sources_;
  Nanoseconds period_ = 0;
  UniqueFd readable_;
};

}  // namespace

std::unique_ptr<Source> combine(std::vector<std::unique_ptr<Source>> sources) {
  if (sources.size() == 1) return std::move(sources.front());
  return std::make_unique<CombinedSource>(std::move(sources));
}

}  // namespace rtprof
