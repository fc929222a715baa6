#include "kernel/bpf_sampler.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "bpf/entry.skel.h"
#include "common/base/error.h"
#include "common/process/procfs.h"
#include "kernel/bpf_support.h"

namespace rtprof::kernel {
namespace {

// Two processes that pass a byte to and fro on two CPUs fill 10 MB a second where each wait is told of, and a
// busy thread some MB with its machine stacks: this is for most of a second in which rtprof is not given a
// CPU. It is mapped twice, one after the other, and counts twice as memory of rtprof.
uint32_t large_ring_bytes() {
  constexpr uint32_t kBytesPerCpu = 4 << 20;
  constexpr uint32_t kMostBytes = 16 << 20;
  auto cpus = static_cast<uint32_t>(std::max(libbpf_num_possible_cpus(), 1));
  return std::min(std::bit_ceil(std::min(cpus, kMostBytes / kBytesPerCpu)) * kBytesPerCpu, kMostBytes);
}

Registers registers_of(const rt_machine_record& record) {
  static_assert(RT_REGISTER_COUNT == Registers::kCount && RT_REGISTER_SP == Registers::kRsp);
  Registers registers;
  std::copy(std::begin(record.registers), std::end(record.registers), registers.values.begin());
  return registers;
}

}  // namespace

void BpfSampler::Deleter::operator()(entry* skeleton) const {
  entry__destroy(skeleton);
}
void BpfSampler::Deleter::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

BpfSampler::BpfSampler(const BpfNeeds& needs)
    : needs_(needs), kernel_stacks_(std::make_shared<KernelStacks>(KernelSymbols::read)) {}
BpfSampler::~BpfSampler() = default;

Result<std::unique_ptr<BpfSampler>> BpfSampler::open(const BpfNeeds& needs) {
  if (auto ready = prepare_bpf(); !ready) return ready.failure();
  std::unique_ptr<BpfSampler> sampler(new BpfSampler(needs));
  if (auto failure = sampler->load()) return *failure;
  return sampler;
}

std::optional<Failure> BpfSampler::load() {
  skeleton_.reset(entry__open());
  if (!skeleton_) return bpf_load_failure(errno);
  skeleton_->rodata->own_pid_namespace = own_pid_namespace();
  skeleton_->rodata->with_machine_stacks = needs_.machine_stacks ? 1 : 0;
  if (needs_.machine_stacks)
    bpf_map__set_max_entries(skeleton_->maps.clock_snapshots,
                             static_cast<uint32_t>(libbpf_num_possible_cpus()));
  if (needs_.each_wait || needs_.machine_stacks)
    bpf_map__set_max_entries(skeleton_->maps.records, large_ring_bytes());
  bpf_program__set_autoload(skeleton_->progs.on_switch, needs_.context_switches);
  bpf_program__set_autoload(skeleton_->progs.on_wakeup, needs_.context_switches);
  bpf_program__set_autoload(skeleton_->progs.on_waking, needs_.wakers);
  bpf_program__set_autoload(skeleton_->progs.open_waits, needs_.context_switches);
  if (int error = entry__load(skeleton_.get())) return bpf_load_failure(-error);
  // Measuring costs each run of a program some 20 ns, and is how the cost is known at all.
  statistics_ = UniqueFd(bpf_enable_stats(BPF_STATS_RUN_TIME));
  ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.records), on_record, this, nullptr));
  if (!ring_) return bpf_load_failure(errno);
  return attach();
}

std::optional<Failure> BpfSampler::attach() {
  struct Attachment {
    bpf_program* program;
    bpf_link** link;
    bool wanted;
  };
  auto& programs = skeleton_->progs;
  auto& links = skeleton_->links;
  const std::array<Attachment, 6> attachments{
      {{programs.on_fork, &links.on_fork, true},
       {programs.on_exit, &links.on_exit, true},
       {programs.on_exec, &links.on_exec, true},
       {programs.on_switch, &links.on_switch, needs_.context_switches},
       {programs.on_waking, &links.on_waking, needs_.wakers},
       {programs.on_wakeup, &links.on_wakeup, needs_.context_switches}}};
  for (const Attachment& each : attachments) {
    if (!each.wanted) continue;
    *each.link = bpf_program__attach(each.program);
    if (*each.link == nullptr) return bpf_load_failure(errno);
  }
  return std::nullopt;
}

SharedMaps BpfSampler::maps() const {
  auto& maps = skeleton_->maps;
  return {
      bpf_map__fd(maps.targets),         bpf_map__fd(maps.threads),
      bpf_map__fd(maps.known_stacks),    bpf_map__fd(maps.contexts),
      bpf_map__fd(maps.records),         bpf_map__fd(maps.lost_records),
      bpf_map__fd(maps.clock_snapshots), bpf_map__fd(maps.wait_snapshots),
      bpf_map__fd(maps.waker_snapshots), static_cast<uint32_t>(bpf_map__max_entries(maps.clock_snapshots)),
      needs_.context_switches,           needs_.wakers};
}

std::optional<Failure> BpfSampler::install(const Walker& walker) {
  auto slot = static_cast<uint32_t>(walker_slots_.size());
  auto set = [slot](bpf_map* programs, int program) {
    return bpf_map_update_elem(bpf_map__fd(programs), &slot, &program, BPF_ANY) == 0;
  };
  if (!set(skeleton_->maps.clock_walkers, walker.clock_program()) ||
      (needs_.context_switches && !set(skeleton_->maps.switch_walkers, walker.switch_program())) ||
      (needs_.wakers && !set(skeleton_->maps.waking_walkers, walker.waking_program()))) {
    return Failure{"installing a BPF walker: " + errno_text(errno), errno};
  }
  walker_slots_[&walker] = slot;
  return std::nullopt;
}

uint32_t BpfSampler::add_target(pid_t pid, const Walker* walker, const TargetOptions& options,
                                RecordSink& sink) {
  rt_target target{};
  target.id = next_target_++;
  target.walker = walker == nullptr ? RT_NO_WALKER : walker_slots_.at(walker);
  target.flags = options.flags;
  target.since = static_cast<uint64_t>(options.since);
  target.interval = static_cast<uint64_t>(options.interval);
  target.min_wait = static_cast<uint64_t>(options.min_wait);
  target.max_wait = static_cast<uint64_t>(options.max_wait);
  sinks_[target.id] = &sink;
  auto key = static_cast<uint32_t>(pid);
  bpf_map_update_elem(bpf_map__fd(skeleton_->maps.targets), &key, &target, BPF_ANY);
  return target.id;
}

void BpfSampler::remove_target(pid_t pid, uint32_t id) {
  auto key = static_cast<uint32_t>(pid);
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.targets), &key);
  sinks_.erase(id);
}

int BpfSampler::clock_program() const {
  return bpf_program__fd(skeleton_->progs.on_clock);
}

// No tick of a thread's own clock may come once the program takes ticks for those of CPUs.
std::optional<Failure> BpfSampler::use_cpu_clocks(Nanoseconds period) {
  if (cpu_clocks_) return std::nullopt;
  for (auto [target, sink] : sinks_) sink->close_thread_clocks();
  skeleton_->bss->with_cpu_clocks = 1;
  auto clocks = CpuClocks::open(period, clock_program());
  if (!clocks) return clocks.failure();
  cpu_clocks_.emplace(std::move(*clocks));
  return std::nullopt;
}

int BpfSampler::fd() const {
  return ring_buffer__epoll_fd(ring_.get());
}
void BpfSampler::drain() {
  if (cpu_clocks_) cpu_clocks_->draw_periods();
  for (auto [tid, wakers] : std::exchange(refused_, {})) keep_wait_snapshots(tid, wakers);
  ring_buffer__consume(ring_.get());
}

int BpfSampler::on_record(void* self, void* data, size_t size) {
  auto* sampler = static_cast<BpfSampler*>(self);
  const auto* record = static_cast<const rt_record*>(data);
  if (record->type == RT_RECORD_KERNEL_STACK) {
    const auto* stack = static_cast<const rt_kernel_stack_record*>(data);
    const auto* addresses = reinterpret_cast<const uint64_t*>(stack + 1);
    if (size >= sizeof *stack + stack->count * sizeof *addresses)
      sampler->kernel_stacks_->add(record->stack, {addresses, stack->count});
    return 0;
  }
  auto sink = sampler->sinks_.find(record->target);
  if (sink == sampler->sinks_.end()) return 0;
  switch (record->type) {
    case RT_RECORD_STACK: {
      const auto* stack = static_cast<const rt_stack_record*>(data);
      const auto* frames = reinterpret_cast<const rt_raw_frame*>(stack + 1);
      if (size < sizeof *stack + stack->count * sizeof *frames) break;
      sink->second->on_stack(*stack, {frames, stack->count});
      break;
    }
    case RT_RECORD_MACHINE: {
      const auto* machine = static_cast<const rt_machine_record*>(data);
      const auto* bytes = reinterpret_cast<const uint8_t*>(machine + 1);
      if (size < sizeof *machine + machine->size + machine->attached) break;
      bool of_waker = (record->flags & RT_MACHINE_OF_WAKER) != 0;
      sink->second->on_machine_stack(*record, {.registers = registers_of(*machine),
                                               .stack_address = machine->stack_address,
                                               .stack = {bytes, machine->size},
                                               .thread = of_waker ? 0 : static_cast<pid_t>(record->tid),
                                               .attached = {bytes + machine->size, machine->attached}});
      break;
    }
    case RT_RECORD_SAMPLE:
      sink->second->on_sample(*static_cast<const rt_sample_record*>(data));
      break;
    case RT_RECORD_WAKER:
      sink->second->on_waker(*static_cast<const rt_waker_record*>(data));
      break;
    case RT_RECORD_WAIT:
      sink->second->on_wait(*static_cast<const rt_wait_record*>(data));
      break;
    case RT_RECORD_THREAD_START:
      sink->second->on_thread_start(*record);
      break;
    case RT_RECORD_THREAD_END:
      sink->second->on_thread_end(*static_cast<const rt_sample_record*>(data));
      break;
    case RT_RECORD_EXEC:
      sink->second->on_exec(*record);
      break;
    default:
      break;
  }
  return 0;
}

std::optional<rt_thread> BpfSampler::thread(pid_t tid) const {
  auto key = static_cast<uint32_t>(tid);
  rt_thread state{};
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.threads), &key, &state) != 0) return std::nullopt;
  return state;
}

// From Linux 6.1 on an iterator can be told which process is meant; before, it goes over all of them, and its
// program looks for the targets.
UniqueFd BpfSampler::iterate(pid_t pid) const {
  bpf_iter_link_info info{};
  info.task.pid = static_cast<uint32_t>(pid);
  LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof info);
  std::unique_ptr<bpf_link, int (*)(bpf_link*)> link(
      bpf_program__attach_iter(skeleton_->progs.open_waits, &options), bpf_link__destroy);
  if (!link) link.reset(bpf_program__attach_iter(skeleton_->progs.open_waits, nullptr));
  return UniqueFd(link ? bpf_iter_create(bpf_link__fd(link.get())) : -1);
}

std::vector<rt_open_thread> BpfSampler::open_threads(pid_t pid) {
  std::string told;
  UniqueFd iterator = iterate(pid);
  std::array<char, 1 << 16> buffer{};
  for (ssize_t size = 0; (size = ::read(iterator.get(), buffer.data(), buffer.size())) > 0;) {
    told.append(buffer.data(), static_cast<size_t>(size));
  }
  std::vector<rt_open_thread> threads;
  std::vector<uint64_t> addresses;
  for (size_t at = 0; at + sizeof(rt_open_thread) <= told.size();) {
    rt_open_thread thread{};
    std::memcpy(&thread, told.data() + at, sizeof thread);
    at += sizeof thread;
    size_t bytes = thread.kernel_count * sizeof(uint64_t);
    if (bytes > told.size() - at) break;
    addresses.resize(thread.kernel_count);
    std::memcpy(addresses.data(), told.data() + at, bytes);
    at += bytes;
    if (thread.site.kernel_stack != 0) kernel_stacks_->add(thread.site.kernel_stack, addresses);
    threads.push_back(thread);
  }
  return threads;
}

void BpfSampler::keep_wait_snapshots(pid_t tid, bool wakers) {
  if (!needs_.context_switches) return;
  bool kept = keep_snapshot(skeleton_->maps.wait_snapshots, tid);
  if (wakers && needs_.wakers) kept = keep_snapshot(skeleton_->maps.waker_snapshots, tid) && kept;
  if (!kept) refused_[tid] = wakers;
}

// False when the kernel has no memory for it at the moment: elements are allocated without waiting.
bool BpfSampler::keep_snapshot(bpf_map* map, pid_t tid) {
  auto key = static_cast<uint32_t>(tid);
  std::vector<uint8_t> none(bpf_map__value_size(map));
  return bpf_map_update_elem(bpf_map__fd(map), &key, none.data(), BPF_NOEXIST) == 0 || errno != ENOMEM;
}

// The thread may go on while its snapshot is copied, and then be in another wait.
std::optional<StackSnapshot> BpfSampler::wait_snapshot(pid_t tid, const rt_thread& seen,
                                                       std::vector<uint8_t>& stack) const {
  auto key = static_cast<uint32_t>(tid);
  std::vector<uint8_t> value(bpf_map__value_size(skeleton_->maps.wait_snapshots));
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.wait_snapshots), &key, value.data()) != 0)
    return std::nullopt;
  rt_machine_record record{};
  std::memcpy(&record, value.data(), sizeof record);
  auto now = thread(tid);
  if (!now || now->activity == RT_THREAD_RUNNING || (now->flags & RT_SAMPLE_MACHINE) == 0 ||
      now->since != seen.since || now->stack != seen.stack || record.record.time != seen.since ||
      record.size > value.size() - sizeof record ||
      record.attached > value.size() - sizeof record - record.size)
    return std::nullopt;
  stack.assign(value.begin() + sizeof record,
               value.begin() + static_cast<ptrdiff_t>(sizeof record + record.size + record.attached));
  return StackSnapshot{.registers = registers_of(record),
                       .stack_address = record.stack_address,
                       .stack = std::span(stack).first(record.size),
                       .thread = tid,
                       .stands = true,
                       .attached = std::span(stack).subspan(record.size)};
}

void BpfSampler::forget_snapshots(pid_t tid) {
  refused_.erase(tid);
  auto key = static_cast<uint32_t>(tid);
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.wait_snapshots), &key);
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.waker_snapshots), &key);
}

void BpfSampler::forget_thread(pid_t tid) {
  auto key = static_cast<uint32_t>(tid);
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.threads), &key);
  forget_snapshots(tid);
}

uint64_t BpfSampler::lost(uint32_t target) const {
  uint64_t lost = 0;
  bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.lost_records), &target, &lost);
  return lost;
}

Nanoseconds BpfSampler::cpu_time() const {
  // A tail-called walker runs inside the entry program's measured time.
  Nanoseconds total = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    if (bpf_program__fd(program) >= 0) total += program_run_time(bpf_program__fd(program));
  }
  return total;
}

Nanoseconds program_run_time(int program_fd) {
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0) return 0;
  return static_cast<Nanoseconds>(info.run_time_ns);
}

}  // namespace rtprof::kernel
