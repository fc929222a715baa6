#include "jvm/agent.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <span>
#include <string>
#include <thread>

#include "common/agent/placed_library.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "jvm/allocation.h"
#include "jvm/allocation_traces.h"
#include "jvm/attach_denial.h"
#include "jvm/attach_listener.h"
#include "jvm/collections.h"
#include "jvm/embedded_agent.h"
#include "jvm/locate.h"

namespace rtprof::jvm {
namespace {

constexpr uint64_t kRingBytes = 4 << 20;
constexpr Nanoseconds kLoadPatience = 10 * kSecond;
constexpr Nanoseconds kAgentPatience = 5 * kSecond;
constexpr Nanoseconds kOccupiedPatience = 2 * kSecond;
constexpr auto kBetweenTries = std::chrono::milliseconds(200);
constexpr Nanoseconds kEndPatience = kSecond;
constexpr Nanoseconds kFlushPatience = 2 * kSecond;
constexpr Nanoseconds kBetweenDrains = 5 * kMillisecond;
// JavaFrameAnchor (share/runtime/javaFrameAnchor.hpp, cpu/x86/javaFrameAnchor_x86.hpp, JDK 8 to 26): the
// stack pointer, the pc and the frame pointer, one after the other.
constexpr uint32_t kPcInAnchor = 8, kFpInAnchor = 16;

ExitCode exit_code_of(int error) {
  if (error == ESRCH) return ExitCode::kTargetEnded;
  return error == EPERM || error == EACCES || error == ENOTCONN ? ExitCode::kNotPermitted : ExitCode::kFailed;
}

std::string_view what_of(const AgentRequest& request) {
  if ((request.events & agents::jvm::kSnapshots) != 0) return "threads";
  if (request.events == agents::jvm::kAllocations) return "allocations";
  return request.events == agents::jvm::kLocks ? "waits for locks" : "allocations and waits for locks";
}

[[noreturn]] void fail(const Process& process, std::string_view what, const Failure& failure,
                       const std::string& hint) {
  throw Error(exit_code_of(failure.error),
              fmt::format("cannot record {} of process {}: {}", what, process.pid(), failure.message), hint);
}

std::string hint_for(const Failure& failure, const AgentRequest& request) {
  if (request.events == agents::jvm::kSnapshots && failure.error == EBUSY) return "end the other one";
  switch (failure.error) {
    case ETIMEDOUT:
      return "rtprof dump shows what it does, and loads nothing into it";
    case EBUSY:
      return "one profiler at a time can sample the allocations of a JVM: end the other one";
    case EROFS:
    case EACCES:
      return "mount a directory there that is writable and not noexec, a tmpfs for example";
    case ENOTCONN:
      return "try again in a second";
    case ENOSPC:
      return "make room there";
    default:
      return "rtprof doctor says what else is permitted, with nothing loaded into the JVM";
  }
}

// What HotSpot says when an agent's OnAttach has returned 0: JDK 8 the number, later ones in words.
bool was_loaded(const AttachReply& reply) {
  return reply.status == 0 && (reply.text == "0" || reply.text == "return code: 0");
}

std::optional<Failure> load(const Process& process, const PlacedLibrary& placed, const std::string& options) {
  auto reply = say_to_attach_listener(process, {"load", placed.library(), "true", options}, kLoadPatience);
  if (!reply) return reply.failure();
  if (was_loaded(*reply)) return std::nullopt;
  std::string said = reply->text.empty() ? fmt::format("status {}", reply->status) : reply->text;
  for (char& each : said) {
    if (each == '\n') each = ' ';
  }
  return Failure{fmt::format("the JVM does not load the agent: {}", said)};
}

}  // namespace

bool is_filtered(const Process& process) {
  auto status = read_file(process.directory() + "/status");
  return status && status->find("Seccomp:\t2") != std::string::npos;
}

namespace {

agents::jvm::ThreadOffsets offsets_of(const ThreadLayout& threads, const Layout& layout) {
  uint32_t anchor = threads.anchor.offset + layout.anchor_sp.offset;
  return {anchor, anchor + kPcInAnchor, anchor + kFpInAnchor, threads.stack_base.offset,
          threads.stack_size.offset};
}

// The agent at work, or why not; with EBUSY where it is for another rtprof.
Result<AgentLink> start_agent(const Process& process, const SharedRing& ring, agents::jvm::Start start) {
  auto placed = PlacedLibrary::place(process, embedded_agent());
  if (!placed) return placed.failure();
  auto link = AgentLink::listen(*placed, process);
  if (!link) return link;
  if (auto failure = load(process, *placed, link->options())) return *failure;
  if (auto failure = link->accept(process.pid(), kAgentPatience)) return *failure;
  placed->remove();
  start.secret = link->secret();
  std::span bytes(reinterpret_cast<const uint8_t*>(&start), sizeof start);
  if (auto failure = link->start(bytes, ring, kAgentPatience)) return *failure;
  return link;
}

// Where JVMTI does not sample them. Throws where nothing else does.
agents::jvm::AllocationTraces traces_of(const Process& process, const Layout& layout,
                                        const AgentRequest& request) {
  bool samples = (request.events & agents::jvm::kAllocations) != 0;
  if (!samples || layout.version.feature >= kFirstWithSampling) return {};
  if (request.follows_objects) {
    fail(process, what_of(request),
         {fmt::format("JDK {} does not tell which objects it has allocated: --live takes JDK {}",
                      layout.version.text, kFirstWithSampling)},
         "leave --live out to see all that is allocated");
  }
  auto found = find_allocation_traces(process, layout);
  if (!found.traces) fail(process, what_of(request), {found.denial.reason}, found.denial.fix);
  return *found.traces;
}

Result<agents::jvm::Start> start_of(const Process& process, const Layout& layout,
                                    const AgentRequest& request) {
  agents::jvm::Start start;
  start.events = request.events;
  start.allocation_interval = request.allocation_interval;
  start.is_filtered = is_filtered(process) ? 1 : 0;
  start.lock_threshold = static_cast<uint64_t>(request.lock_threshold);
  start.thread = offsets_of(layout.threads, layout);
  start.allocated = allocated_bytes(layout);
  start.traces = traces_of(process, layout, request);
  start.follows_objects = request.follows_objects ? 1 : 0;
  if (request.follows_objects) start.collections = collections_of(process, layout);
  return start;
}

bool send_signal(pid_t pid, pid_t tid, int signal, uint64_t value) {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a value that is as large as a pointer
  info.si_value.sival_ptr = reinterpret_cast<void*>(value);
  return ::syscall(SYS_rt_tgsigqueueinfo, pid, tid, signal, &info) == 0;
}

// Why the threads cannot be interrupted that this is asked for. The signal 0 is none.
std::optional<Failure> signal_failure(const Process& process, const AgentRequest& request) {
  bool is_wanted = (request.events & agents::jvm::kSnapshots) != 0;
  if (!is_wanted || send_signal(process.pid(), process.pid(), 0, 0)) return std::nullopt;
  return Failure{fmt::format("it cannot be sent signals: {}", errno_text(errno)), EPERM};
}

constexpr const char* kNotDescribed =
    "its HotSpot does not describe where threads keep their last Java frame";

bool is_described(const Layout& layout) {
  return layout.threads.missing.empty() && layout.threads.anchor.exists();
}

std::optional<Denial> denial_of(const Process& process, const Layout& layout) {
  if (!is_described(layout)) return Denial{kNotDescribed, ""};
  return attach_denial(process, &layout);
}

// Of a JVM whose memory is closed to us.
std::optional<Denial> closed_denial(const Process& process) {
  if (auto denial = reach_denial(process)) return denial;
  return attach_denial(process, nullptr);
}

// What the agent is told, of a JVM that can do what is asked for. Throws Error.
agents::jvm::Start checked_start(const Process& process, const Layout& layout, const AgentRequest& request) {
  std::string_view what = what_of(request);
  if (!is_described(layout)) fail(process, what, {kNotDescribed, EPERM}, "");
  auto start = start_of(process, layout, request);
  if (!start) fail(process, what, start.failure(), "leave --live out to see all that is allocated");
  if (auto failure = signal_failure(process, request))
    fail(process, what, *failure, "run rtprof as the user of the JVM, or as root");
  return *start;
}

std::shared_ptr<Agent> load_agent(const Process& process, const agents::jvm::Start& start,
                                  const AgentRequest& request) {
  std::string_view what = what_of(request);
  auto ring = SharedRing::make(kRingBytes);
  if (!ring) fail(process, what, ring.failure(), hint_for(ring.failure(), request));
  // One that was killed a moment ago may still be there.
  TimePoint until = monotonic_now() + kOccupiedPatience;
  for (;;) {
    auto link = start_agent(process, *ring, start);
    if (link) return std::make_shared<Agent>(std::move(*link), std::move(*ring));
    if (link.failure().error != EBUSY || monotonic_now() > until)
      fail(process, what, link.failure(), hint_for(link.failure(), request));
    std::this_thread::sleep_for(kBetweenTries);
  }
}

}  // namespace

std::optional<Denial> agent_denial(const Process& process, Event event) {
  JvmSearch search = find_jvm(process);
  if (search.outcome == JvmSearch::Outcome::kNotPermitted) return closed_denial(process);
  if (!search.found()) return Denial{search.problem, search.hint};
  if (event == Event::kAlloc && search.layout->version.feature < kFirstWithSampling) {
    auto found = find_allocation_traces(process, *search.layout);
    if (!found.traces) return found.denial;
  }
  return denial_of(process, *search.layout);
}

std::shared_ptr<Agent> Agent::start(const Process& process, const Layout& layout, const AgentRequest& request,
                                    const std::function<void()>& announce) {
  agents::jvm::Start start = checked_start(process, layout, request);
  if (auto denial = attach_denial(process, &layout))
    fail(process, what_of(request), {denial->reason, EPERM}, denial->fix);
  announce();
  return load_agent(process, start, request);
}

std::shared_ptr<Agent> Agent::start_for_memory(const Process& process,
                                               const std::function<void()>& announce) {
  constexpr std::string_view kWhat = "threads";
  if (auto denial = closed_denial(process)) fail(process, kWhat, {denial->reason, EPERM}, denial->fix);
  announce();
  agents::jvm::Start start;
  start.events = agents::jvm::kMemory;
  start.is_filtered = is_filtered(process) ? 1 : 0;
  return load_agent(process, start, {.events = agents::jvm::kSnapshots});
}

void Agent::record(const Process& process, const Layout& layout, const AgentRequest& request) const {
  agents::jvm::Start start = checked_start(process, layout, request);
  start.secret = link_.secret();
  std::span bytes(reinterpret_cast<const uint8_t*>(&start), sizeof start);
  if (auto failure = link_.start_more(bytes, kAgentPatience))
    fail(process, what_of(request), *failure, hint_for(*failure, request));
}

void Agent::on(agents::RecordType type, Take take) {
  takes_[static_cast<size_t>(type)] = std::move(take);
}

bool Agent::drain() {
  tell_of_chunks();
  return ring_.drain([this](agents::RecordType type, std::span<const uint8_t> record) {
    auto known = static_cast<size_t>(type);
    if (known < takes_.size() && takes_[known]) takes_[known](record);
  });
}

bool Agent::interrupt(pid_t pid, pid_t tid, uint64_t number) const {
  return send_signal(pid, tid, agents::kSnapshotSignal, agents::signal_mark(link_.secret()) | number);
}

void Agent::flush() {
  agents::jvm::Flush flush;
  flush.secret = link_.secret();
  link_.tell({reinterpret_cast<const uint8_t*>(&flush), sizeof flush});
  for (TimePoint until = monotonic_now() + kFlushPatience; monotonic_now() < until;) {
    bool is_done = link_.has_answered(kBetweenDrains);
    drain();
    if (is_done) return;
  }
}

void Agent::follow(std::shared_ptr<const Continuations> continuations) {
  continuations_ = std::move(continuations);
  tell_of_chunks();
}

void Agent::tell_of_chunks() {
  if (continuations_ == nullptr || continuations_->settings() == nullptr) return;
  agents::jvm::Knowledge knowledge;
  knowledge.secret = link_.secret();
  knowledge.chunks = *continuations_->settings();
  continuations_.reset();
  link_.tell({reinterpret_cast<const uint8_t*>(&knowledge), sizeof knowledge});
}

Agent::~Agent() {
  link_.end(kEndPatience);
}

}  // namespace rtprof::jvm
