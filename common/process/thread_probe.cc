#include "common/process/thread_probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "common/process/procfs.h"

namespace rtprof {
namespace {

using Buffer = std::array<char, 1024>;

UniqueFd open_now(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// To be kept; none where descriptors are scarce: what needs it then opens it each time.
UniqueFd open_to_keep(const std::string& path) {
  UniqueFd fd = open_now(path);
  if (descriptors_scarce(fd)) fd.reset();
  return fd;
}

// The start of a file of /proc as it is now; empty when the thread has ended, or it cannot be read.
std::string_view read_now(const UniqueFd& fd, Buffer& buffer) {
  ssize_t size = ::pread(fd.get(), buffer.data(), buffer.size(), 0);
  return {buffer.data(), size > 0 ? static_cast<size_t>(size) : 0};
}

// The same of one that may not be kept open.
std::string_view read_now(const UniqueFd& kept, const std::string& path, Buffer& buffer) {
  return kept.valid() ? read_now(kept, buffer) : read_now(open_now(path), buffer);
}

}  // namespace

std::optional<ThreadTimes> parse_schedstat(std::string_view text) {
  ThreadTimes times;
  const char* at = text.data();
  const char* end = at + text.size();
  auto number = [&](auto& value) {
    while (at < end && *at == ' ') ++at;
    auto [next, error] = std::from_chars(at, end, value);
    at = next;
    return error == std::errc();
  };
  if (!number(times.cpu) || !number(times.waited) || !number(times.slices)) return std::nullopt;
  return times;
}

std::optional<ThreadPlace> parse_place(std::string_view syscall) {
  constexpr std::string_view kSpaces = " \n";
  // The last word first.
  auto take_number = [&]() -> std::optional<uint64_t> {
    size_t last = syscall.find_last_not_of(kSpaces);
    if (last == std::string_view::npos) return std::nullopt;
    syscall = syscall.substr(0, last + 1);
    std::string_view word = syscall.substr(syscall.find_last_of(kSpaces) + 1);
    syscall.remove_suffix(word.size());
    uint64_t value = 0;
    if (!word.starts_with("0x")) return std::nullopt;
    auto [end, error] = std::from_chars(word.data() + 2, word.data() + word.size(), value, 16);
    return error == std::errc() && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
  };
  auto pc = take_number();
  auto sp = take_number();
  if (!pc || !sp) return std::nullopt;
  return ThreadPlace{*sp, *pc};
}

ThreadProbe::ThreadProbe(pid_t pid, pid_t tid)
    : directory_("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid)),
      schedstat_(open_to_keep(directory_ + "/schedstat")),
      stat_(open_to_keep(directory_ + "/stat")),
      syscall_(open_to_keep(directory_ + "/syscall")),
      wait_channel_(open_to_keep(directory_ + "/wchan")) {}

std::optional<ThreadTimes> ThreadProbe::times() const {
  Buffer buffer;
  if (schedstat_.valid()) return parse_schedstat(read_now(schedstat_, buffer));
  if (UniqueFd again = open_now(directory_ + "/schedstat"); again.valid())
    return parse_schedstat(read_now(again, buffer));
  auto stat = stat_.valid() ? parse_stat(read_now(stat_, buffer)) : read_stat(directory_);
  if (!stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  Nanoseconds tick = kSecond / ::sysconf(_SC_CLK_TCK);
  return ThreadTimes{static_cast<Nanoseconds>(stat->user_ticks + stat->system_ticks) * tick, 0, 0};
}

char ThreadProbe::state() const {
  Buffer buffer;
  if (!stat_.valid()) {
    auto stat = read_stat(directory_);
    return stat ? stat->state : 'X';
  }
  // The name before the state is in parentheses and may hold any character.
  std::string_view text = read_now(stat_, buffer);
  size_t close = text.rfind(')');
  return close != std::string_view::npos && close + 2 < text.size() ? text[close + 2] : 'X';
}

// The kernel waits for a thread that is about to sleep to be off its CPU before it says in which system call
// it is (task_current_syscall, lib/syscall.c).
bool ThreadProbe::asleep() const {
  Buffer buffer;
  std::string_view text = read_now(syscall_, directory_ + "/syscall", buffer);
  return text.empty() ? state() != 'R' : !text.starts_with("running");
}

std::optional<ThreadPlace> ThreadProbe::place_asleep() const {
  Buffer buffer;
  return parse_place(read_now(syscall_, directory_ + "/syscall", buffer));
}

std::string ThreadProbe::syscall() const {
  Buffer buffer;
  return std::string(read_now(syscall_, directory_ + "/syscall", buffer));
}

std::string ThreadProbe::wait_channel() const {
  Buffer buffer;
  std::string_view name = read_now(wait_channel_, directory_ + "/wchan", buffer);
  return name == "0" ? "" : std::string(name);
}

}  // namespace rtprof
