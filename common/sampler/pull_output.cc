#include "common/sampler/pull_output.h"

#include <utility>

namespace rtprof {

PullOutput::PullOutput(pid_t pid, const PullTarget& target, const SamplingPlan& plan, Recorder& recorder)
    : pid_(pid),
      events_(plan.events),
      wall_(plan.has(Event::kWall)),
      cpu_(plan.has(Event::kCpu) && !plan.idle),
      idle_cpu_(plan.has(Event::kCpu) && plan.idle),
      elapsed_(wall_ || idle_cpu_),
      recorder_(recorder),
      target_(target) {
  base_.pid = pid;
  base_.runtime = target.runtime();
  base_.runtime_version = target.version();
  base_.requested_rate = plan.rate;
}

void PullOutput::add(Reason reason, pid_t tid, RawStack stack, TimePoint end, Nanoseconds time,
                     Record record) {
  if (time <= 0 && record == Record::kMore) return;
  if (cpu_ && reason == Reason::kRunning) emit(Event::kCpu, Reason::kNone, tid, stack, end, time, record);
  if (idle_cpu_) emit(Event::kCpu, Reason::kNone, tid, stack, end, time, record);
  if (wall_) emit(Event::kWall, reason, tid, stack, end, time, record);
}

void PullOutput::add_cpu(pid_t tid, RawStack stack, TimePoint end, Nanoseconds time, Record record) {
  if (cpu_) emit(Event::kCpu, Reason::kNone, tid, stack, end, time, record);
}

void PullOutput::emit(Event event, Reason reason, pid_t tid, RawStack stack, TimePoint end, Nanoseconds time,
                      Record record) {
  RawSample sample;
  sample.event = event;
  sample.reason = reason;
  sample.thread = {pid_, target_.owner(tid, stack)};
  sample.stack = stack;
  sample.start = end - time;
  sample.duration = time;
  sample.weight = time;
  sample.count = record == Record::kMore ? 0 : 1;
  recorder_.sample(sample);
  Counts& counts = counts_[static_cast<size_t>(event)];
  counts.weight += time;
  if (record == Record::kMore) return;
  ++(record == Record::kTorn ? counts.torn : counts.samples);
  if (target_.unknown(stack)) ++counts.unknown;
}

void PullOutput::add_holds(const std::vector<Nanoseconds>& holds) {
  for (Nanoseconds held : holds) base_.pauses.add(held);
}

std::vector<RunQuality> PullOutput::quality() const {
  std::vector<RunQuality> all;
  for (Event event : events_) {
    const Counts& counts = counts_[static_cast<size_t>(event)];
    RunQuality quality = base_;
    quality.event = event;
    quality.samples = counts.samples;
    quality.torn = counts.torn;
    quality.unknown_frames = counts.unknown;
    quality.total_weight = counts.weight;
    quality.asked = counts.samples + counts.torn + quality.late_ticks;
    all.push_back(std::move(quality));
  }
  return all;
}

}  // namespace rtprof
