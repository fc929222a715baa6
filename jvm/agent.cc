#include "jvm/agent.h"

#include <fmt/core.h>

#include <cerrno>
#include <chrono>
#include <span>
#include <string>
#include <thread>

#include "common/agent/placed_library.h"
#include "common/base/error.h"
#include "jvm/attach_listener.h"
#include "jvm/embedded_agent.h"
#include "jvm/locate.h"

namespace rtprof::jvm {
namespace {

constexpr int kFirstWithSampling = 11;
constexpr uint64_t kRingBytes = 4 << 20;
constexpr Nanoseconds kLoadPatience = 10 * kSecond;
constexpr Nanoseconds kAgentPatience = 5 * kSecond;
constexpr Nanoseconds kOccupiedPatience = 2 * kSecond;
constexpr auto kBetweenTries = std::chrono::milliseconds(200);
constexpr Nanoseconds kEndPatience = kSecond;
// JavaFrameAnchor (share/runtime/javaFrameAnchor.hpp, cpu/x86/javaFrameAnchor_x86.hpp, JDK 8 to 26): the
// stack pointer, the pc and the frame pointer, one after the other.
constexpr uint32_t kPcInAnchor = 8, kFpInAnchor = 16;

ExitCode exit_code_of(int error) {
  if (error == ESRCH) return ExitCode::kTargetEnded;
  return error == EPERM || error == EACCES || error == ENOTCONN ? ExitCode::kNotPermitted : ExitCode::kFailed;
}

[[noreturn]] void fail(const Process& process, const Failure& failure, const std::string& hint) {
  throw Error(exit_code_of(failure.error),
              fmt::format("cannot record allocations of process {}: {}", process.pid(), failure.message),
              hint);
}

std::string hint_for(const Failure& failure) {
  switch (failure.error) {
    case ETIMEDOUT:
      return "-e cpu and -e wall show what it does, and load nothing into it";
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
      return "-e cpu and -e wall load nothing into the JVM";
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

agents::jvm::ThreadOffsets offsets_of(const ThreadLayout& threads, const Layout& layout) {
  uint32_t anchor = threads.anchor.offset + layout.anchor_sp.offset;
  return {anchor, anchor + kPcInAnchor, anchor + kFpInAnchor, threads.stack_base.offset,
          threads.stack_size.offset};
}

// The agent at work, or why not; with EBUSY where it is for another rtprof.
Result<AgentLink> start_agent(const Process& process, const Layout& layout, const SharedRing& ring,
                              uint64_t interval) {
  auto placed = PlacedLibrary::place(process, embedded_agent());
  if (!placed) return placed.failure();
  auto link = AgentLink::listen(*placed, process);
  if (!link) return link;
  if (auto failure = load(process, *placed, link->options())) return *failure;
  if (auto failure = link->accept(process.pid(), kAgentPatience)) return *failure;
  placed->remove();
  agents::jvm::Start start;
  start.secret = link->secret();
  start.allocation_interval = interval;
  start.thread = offsets_of(layout.threads, layout);
  std::span bytes(reinterpret_cast<const uint8_t*>(&start), sizeof start);
  if (auto failure = link->start(bytes, ring, kAgentPatience)) return *failure;
  return link;
}

std::optional<Denial> denial_of(const Process& process, const Layout& layout) {
  bool is_described = layout.threads.missing.empty() && layout.threads.anchor.exists();
  if (!is_described)
    return Denial{"its HotSpot does not describe where threads keep their last Java frame", ""};
  if (layout.version.feature >= kFirstWithSampling) return attach_denial(process, layout);
  return Denial{
      fmt::format("JDK {} does not sample allocations for agents: that takes JDK 11", layout.version.text),
      "-e cpu and -e wall are for all JDKs"};
}

}  // namespace

std::optional<Denial> agent_denial(const Process& process) {
  JvmSearch search = find_jvm(process);
  if (!search.found()) return Denial{search.problem, search.hint};
  return denial_of(process, *search.layout);
}

Agent Agent::sample_allocations(const Process& process, const Layout& layout, uint64_t interval,
                                const std::function<void()>& announce) {
  if (auto denial = denial_of(process, layout)) {
    int error = layout.version.feature < kFirstWithSampling ? 0 : EPERM;
    fail(process, {denial->reason, error}, denial->fix);
  }
  announce();
  auto ring = SharedRing::make(kRingBytes);
  if (!ring) fail(process, ring.failure(), hint_for(ring.failure()));
  // One that was killed a moment ago may still be there.
  TimePoint until = monotonic_now() + kOccupiedPatience;
  for (;;) {
    auto link = start_agent(process, layout, *ring, interval);
    if (link) return {std::move(*link), std::move(*ring)};
    if (link.failure().error != EBUSY || monotonic_now() > until)
      fail(process, link.failure(), hint_for(link.failure()));
    std::this_thread::sleep_for(kBetweenTries);
  }
}

void Agent::tell(const rt_chunk_settings& chunks) const {
  agents::jvm::Knowledge knowledge;
  knowledge.secret = link_.secret();
  knowledge.chunks = chunks;
  link_.tell({reinterpret_cast<const uint8_t*>(&knowledge), sizeof knowledge});
}

Agent::~Agent() {
  link_.end(kEndPatience);
}

}  // namespace rtprof::jvm
