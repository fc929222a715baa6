// unwind_oracle [--step MS] SNAPSHOTS COMMAND [ARGUMENTS…]: holds the unwinder against libunwind.
//
// Starts the command and stops it SNAPSHOTS times: at instants a little apart, or, with --step, after every
// instruction once it has run for MS milliseconds. At each stop the stack is unwound twice: by the program's
// unwinder, from the registers and at most 64 KiB of stack, as the kernel's samples have them, and by
// libunwind through ptrace. Prints how many stacks were equal and each difference; exit status 1 when a
// difference is not one that is explained.
#include <fmt/core.h>
#include <libunwind-ptrace.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/process/process.h"
#include "native/ptrace_registers.h"
#include "native/stack_unwinder.h"

namespace rtprof::native {
namespace {

constexpr size_t kStackBytes = 64 << 10;
// What a leaf function may use below its stack pointer (System V ABI, AMD64 supplement, section 3.2.2).
constexpr size_t kRedZone = 128;
constexpr std::array kEnds = {"complete", "truncated", "too deep", "without rule", "broken"};

// A command that this process traces; it stands still between the calls. Killed at the end.
class Tracee {
 public:
  explicit Tracee(char** command) : pid_(::fork()) {
    if (pid_ == 0) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::execvp(command[0], command);
      ::_exit(127);
    }
    wait();
  }
  ~Tracee() {
    if (!running_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;

  pid_t pid() const { return pid_; }
  // Each is false once it has ended.
  bool step() {
    ::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, signal_);
    return wait();
  }
  bool run_for(std::chrono::microseconds time) {
    ::ptrace(PTRACE_CONT, pid_, nullptr, signal_);
    std::this_thread::sleep_for(time);
    ::kill(pid_, SIGSTOP);
    // Until the stop that was asked for: signals and execs come before it.
    while (wait() && !asked_) ::ptrace(PTRACE_CONT, pid_, nullptr, signal_);
    return running_;
  }

 private:
  bool wait() {
    int status = 0;
    running_ = ::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status);
    signal_ = running_ ? WSTOPSIG(status) : 0;
    asked_ = signal_ == SIGSTOP;
    if (asked_ || signal_ == SIGTRAP) signal_ = 0;
    return running_;
  }

  pid_t pid_;
  bool running_ = false;
  bool asked_ = false;
  long signal_ = 0;  // to hand on
};

class Oracle {
 public:
  explicit Oracle(pid_t pid) : space_(unw_create_addr_space(&_UPT_accessors, 0)), process_(_UPT_create(pid)) {
    unw_set_caching_policy(space_, UNW_CACHE_GLOBAL);
  }
  ~Oracle() {
    _UPT_destroy(process_);
    unw_destroy_addr_space(space_);
  }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  std::vector<Address> unwind() {
    std::vector<Address> pcs;
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, space_, process_) != 0) return pcs;
    do {
      unw_word_t pc = 0;
      unw_get_reg(&cursor, UNW_REG_IP, &pc);
      if (pc == 0) break;
      pcs.push_back(pc);
    } while (pcs.size() < StackUnwinder::kMostFrames && unw_step(&cursor) > 0);
    return pcs;
  }

 private:
  unw_addr_space_t space_;
  void* process_;
};

class Comparison {
 public:
  explicit Comparison(pid_t pid) : process_(Process::open(pid)), oracle_(pid) {}

  void compare() {
    auto registers = read_registers(process_.pid());
    if (!registers) return;
    space_.changed();
    auto [ours, end] = unwind(*registers, 0);
    std::vector<Address> theirs = oracle_.unwind();
    ++snapshots_;
    ++ends_[static_cast<size_t>(end)];
    if (end != UnwindEnd::kComplete) ++last_frames_[describe({ours.back()})];
    if (ours == theirs) return;
    auto [kind, is_explained] = explain(*registers, ours, end, theirs);
    Seen& seen = differences_[kind];
    seen.is_explained = is_explained;
    if (seen.count++ < 3) seen.examples.push_back(describe(ours) + "\n    them:" + describe(theirs));
  }

  // False when there is a difference that is not explained.
  bool report() const {
    size_t different = 0;
    bool is_right = true;
    for (const auto& [kind, seen] : differences_) {
      different += seen.count;
      is_right = is_right && seen.is_explained;
    }
    fmt::print("{} snapshots, {} equal;", snapshots_, snapshots_ - different);
    for (size_t i = 0; i < ends_.size(); ++i) fmt::print(" {} {}", ends_[i], kEnds[i]);
    fmt::print("\n");
    for (const auto& [last, count] : last_frames_) fmt::print("{} not complete, end at{}\n", count, last);
    for (const auto& [kind, seen] : differences_) {
      fmt::print("{} {}: {}\n", seen.count, seen.is_explained ? "explained" : "NOT EXPLAINED", kind);
      for (const std::string& example : seen.examples) fmt::print("    ours:{}\n", example);
    }
    return is_right;
  }

 private:
  struct Seen {
    size_t count = 0;
    bool is_explained = false;
    std::vector<std::string> examples;
  };

  std::pair<std::vector<Address>, UnwindEnd> unwind(const Registers& registers, size_t below) {
    Address start = registers.sp() - below;
    std::vector<uint8_t> stack = stack_bytes(start);
    std::vector<MachineFrame> frames;
    UnwindEnd end = unwinder_.unwind({registers, start, stack}, frames);
    std::vector<Address> pcs;
    pcs.reserve(frames.size());
    for (const MachineFrame& frame : frames) pcs.push_back(frame.pc);
    return {pcs, end};
  }

  std::vector<uint8_t> stack_bytes(Address start) const {
    for (const Mapping& mapping : process_.mappings()) {
      if (start < mapping.start || start >= mapping.end) continue;
      std::vector<uint8_t> bytes(std::min<size_t>(kStackBytes, mapping.end - start));
      if (process_.memory().read(start, bytes.data(), bytes.size())) return bytes;
    }
    return {};
  }

  std::pair<std::string, bool> explain(const Registers& registers, const std::vector<Address>& ours,
                                       UnwindEnd end, const std::vector<Address>& theirs) {
    if (unwind(registers, kRedZone).first == theirs)
      return {"equal when the bytes below the stack pointer are taken too", true};
    auto [mine, other] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
    if (mine == ours.end() && end == UnwindEnd::kTruncated)
      return {"the stack is larger than what is taken", true};
    if (end == UnwindEnd::kBroken && mine == ours.end() && !space_.find(*other))
      return {"libunwind goes on to what is not code", true};
    if (end == UnwindEnd::kComplete &&
        std::any_of(theirs.begin(), other, [&](Address pc) { return is_in_vdso(pc); }))
      return {"libunwind has no call-frame information of the vDSO", true};
    if (end == UnwindEnd::kComplete && other == theirs.end() && !theirs.empty() && !has_rule(theirs.back()))
      return {"libunwind ends where nothing describes the instruction", true};
    std::string how = mine == ours.end()      ? "ours ends"
                      : other == theirs.end() ? "theirs ends"
                                              : "they differ";
    return {fmt::format("{}, ours is {}", how, kEnds[static_cast<size_t>(end)]), false};
  }

  bool is_in_vdso(Address pc) {
    auto place = space_.find(pc);
    return place && place->binary && place->binary->name() == "[vdso]";
  }
  bool has_rule(Address pc) {
    auto place = space_.find(pc);
    return place && place->binary && tables_.of(place->binary).find(place->address) != nullptr;
  }

  std::string describe(const std::vector<Address>& pcs) {
    std::string text;
    for (Address pc : pcs) {
      auto place = space_.find(pc);
      if (place && place->binary)
        text += fmt::format(" {}+{:x}", place->binary->name(), place->address);
      else
        text += fmt::format(" {:x}", pc);
    }
    return text;
  }

  Process process_;
  BinaryCache binaries_;
  AddressSpace space_{process_, binaries_};
  UnwindTables tables_;
  StackUnwinder unwinder_{space_, tables_, UnwindMethod::kAuto};
  Oracle oracle_;
  size_t snapshots_ = 0;
  std::array<size_t, kEnds.size()> ends_{};
  std::map<std::string, size_t> last_frames_;
  std::map<std::string, Seen> differences_;
};

// Nothing for wrong usage.
struct Options {
  std::chrono::milliseconds before{0};
  bool step = false;
  size_t snapshots = 0;
  char** command = nullptr;
};

std::optional<Options> parse(char** arguments) {
  Options options;
  auto next = [&] { return *arguments == nullptr ? "" : *arguments++; };
  std::string word = next();
  if (word == "--step") {
    options.step = true;
    options.before = std::chrono::milliseconds(std::strtoul(next(), nullptr, 10));
    word = next();
  }
  options.snapshots = std::strtoul(word.c_str(), nullptr, 10);
  options.command = arguments;
  if (options.snapshots == 0 || *arguments == nullptr) return std::nullopt;
  return options;
}

int main(char** arguments) {
  auto options = parse(arguments + 1);
  if (!options) {
    fmt::print(stderr, "usage: unwind_oracle [--step MS] SNAPSHOTS COMMAND [ARGUMENTS...]\n");
    return 2;
  }
  Tracee tracee(options->command);
  bool runs = options->before.count() == 0 || tracee.run_for(options->before);
  Comparison comparison(tracee.pid());
  std::minstd_rand random(1);
  size_t taken = 0;
  for (; runs && taken < options->snapshots; ++taken) {
    comparison.compare();
    runs = options->step ? tracee.step() : tracee.run_for(std::chrono::microseconds(random() % 1000));
  }
  bool is_right = comparison.report();
  if (taken < options->snapshots) fmt::print("the command ended too early\n");
  return is_right && taken == options->snapshots ? 0 : 1;
}

}  // namespace
}  // namespace rtprof::native

int main(int, char** arguments) {
  return rtprof::native::main(arguments);
}
