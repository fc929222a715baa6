#include "kernel/perf_program_output.h"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "common/base/error.h"
#include "kernel/perf_attributes.h"
#include "kernel/perf_event.h"

namespace rtprof::kernel {
namespace {

// A sample of another time is another tick's: what was output for its own is lost.
constexpr Nanoseconds kSameInterrupt = kMillisecond;

}  // namespace

std::span<const uint8_t> raw_of_perf_record(std::span<const uint64_t> record) {
  // Header, IP, TID, TIME, ID, CPU, PERIOD; then a u32 with the size of what follows.
  constexpr size_t kWordsBefore = 7;
  if (record.size() <= kWordsBefore) return {};
  size_t whole = std::bit_cast<perf_event_header>(record[0]).size;
  if (whole > record.size_bytes() || whole < kWordsBefore * sizeof(uint64_t) + sizeof(uint32_t)) return {};
  auto size = static_cast<uint32_t>(record[kWordsBefore]);
  auto bytes = std::span(reinterpret_cast<const uint8_t*>(record.data()), whole);
  bytes = bytes.subspan(kWordsBefore * sizeof(uint64_t) + sizeof(uint32_t));
  return size <= bytes.size() ? bytes.first(size) : std::span<const uint8_t>();
}

Result<PerfProgramOutput> PerfProgramOutput::open(int map, const PerfRings& rings) {
  PerfProgramOutput output;
  for (int cpu : rings.cpus()) {
    auto event = open_perf_event(program_output_attributes(), -1, cpu);
    if (!event) return event.failure();
    if (auto redirected = redirect_perf_event(event->get(), rings.ring_fd(cpu)); !redirected)
      return redirected.failure();
    uint64_t id = 0;
    auto key = static_cast<uint32_t>(cpu);
    int fd = event->get();
    bool is_known =
        ::ioctl(fd, PERF_EVENT_IOC_ID, &id) == 0 && bpf_map_update_elem(map, &key, &fd, BPF_ANY) == 0;
    if (!is_known) return Failure{"giving a BPF program its ring: " + errno_text(errno), errno};
    output.cpu_of_event_[id] = key;
    output.events_.push_back(std::move(*event));
  }
  return output;
}

bool PerfProgramOutput::keep(std::span<const uint64_t> record) {
  auto id = id_of_perf_sample(record);
  auto event = id ? cpu_of_event_.find(id->event) : cpu_of_event_.end();
  if (event == cpu_of_event_.end()) return false;
  auto bytes = raw_of_perf_record(record);
  kept_[event->second] = {*id, {bytes.begin(), bytes.end()}};
  return true;
}

std::span<const uint8_t> PerfProgramOutput::take(const RecordId& sample) {
  taken_.clear();
  auto kept = kept_.find(sample.cpu);
  if (kept == kept_.end()) return {};
  const RecordId& id = kept->second.id;
  // The kernel may have taken the sample's time before it ran the program.
  Nanoseconds apart = std::abs(sample.time - id.time);
  bool is_its = id.tid == sample.tid && id.pid == sample.pid && apart < kSameInterrupt;
  if (is_its) taken_ = std::move(kept->second.bytes);
  kept_.erase(kept);
  return taken_;
}

}  // namespace rtprof::kernel
