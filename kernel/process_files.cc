#include "kernel/process_files.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <syscall.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/file.h"
#include "kernel/wait_reason.h"

namespace rtprof::kernel {
namespace {

// As many as the BPF programs look at.
constexpr uint64_t kMaxPolled = 16;
constexpr uint64_t kSelectWords = 4;

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \n\t"), text.size()));
  std::string_view word = text.substr(0, text.find_first_of(" \n\t"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::optional<SyscallState> parse_syscall(std::string_view text) {
  SyscallState state;
  std::string_view number = next_word(text);
  if (number == "-1") return state;
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), state.number);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  for (uint64_t& argument : state.arguments) {
    std::string_view word = next_word(text);
    if (!word.starts_with("0x")) return std::nullopt;
    std::from_chars(word.data() + 2, word.data() + word.size(), argument, 16);
  }
  return state;
}

std::vector<uint32_t> parse_watched(std::string_view fdinfo) {
  constexpr std::string_view kLabel = "tfd:";
  std::vector<uint32_t> watched;
  for (size_t at = fdinfo.find(kLabel); at != std::string_view::npos; at = fdinfo.find(kLabel, at)) {
    at += kLabel.size();
    std::string_view rest = fdinfo.substr(at);
    std::string_view word = next_word(rest);
    uint32_t descriptor = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), descriptor);
    if (error == std::errc()) watched.push_back(descriptor);
  }
  return watched;
}

uint32_t ProcessFiles::kind(uint32_t descriptor) const {
  struct stat info {};
  std::string path = fmt::format("{}/fd/{}", process_.directory(), descriptor);
  return ::stat(path.c_str(), &info) == 0 ? RT_FILE_KIND(info.st_mode) : 0;
}

std::optional<uint32_t> ProcessFiles::epoll_kinds(uint32_t descriptor) {
  TimePoint now = monotonic_now();
  Watched& watched = watched_[descriptor];
  if (watched.looked != 0 && now - watched.looked < kSecond) return watched.kinds;
  watched.looked = now;
  watched.kinds.reset();
  auto text = read_file(fmt::format("{}/fdinfo/{}", process_.directory(), descriptor));
  if (!text) return std::nullopt;
  std::vector<uint32_t> descriptors = parse_watched(*text);
  if (descriptors.size() > kMaxPolled) descriptors.resize(kMaxPolled);
  uint32_t kinds = 0;
  for (uint32_t each : descriptors) kinds |= kind(each);
  watched.kinds = kinds;
  return kinds;
}

std::optional<uint32_t> ProcessFiles::polled(uint64_t files, uint64_t count, const ReadMemory& read) const {
  std::array<pollfd, kMaxPolled> polled{};
  count = std::min(count, kMaxPolled);
  if (count != 0 && !read(files, polled.data(), count * sizeof(pollfd))) return std::nullopt;
  uint32_t kinds = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (polled[i].fd >= 0) kinds |= kind(static_cast<uint32_t>(polled[i].fd));
  }
  return kinds;
}

std::optional<uint32_t> ProcessFiles::selected(uint64_t count, std::span<const uint64_t, 3> sets,
                                               const ReadMemory& read) const {
  uint32_t kinds = 0;
  uint64_t found = 0;
  for (uint64_t word = 0; word < kSelectWords && 64 * word < count; ++word) {
    uint64_t bits = 0;
    for (uint64_t set : sets) {
      uint64_t part = 0;
      if (set == 0) continue;
      if (!read(set + 8 * word, &part, sizeof part)) return std::nullopt;
      bits |= part;
    }
    for (uint64_t bit = 0; bit < 64 && 64 * word + bit < count && found < kMaxPolled; ++bit) {
      if ((bits >> bit & 1) == 0) continue;
      kinds |= kind(static_cast<uint32_t>(64 * word + bit));
      ++found;
    }
  }
  return kinds;
}

rt_wait_site ProcessFiles::site_of(pid_t tid, const ThreadProbe& probe) const {
  rt_wait_site site{};
  site.syscall = kUnknownSyscall;
  auto text = process_.has_insider() ? process_.syscall_of(tid) : probe.syscall();
  auto state = text ? parse_syscall(*text) : std::nullopt;
  char scheduled = probe.state();
  if (scheduled == 'T' || scheduled == 't') site.flags |= RT_WAIT_STOPPED;
  if (!state) return site;
  site.syscall = state->number;
  site.argument = static_cast<uint32_t>(state->arguments[0]);
  std::optional<uint32_t> polled_kinds;
  auto read = [this](uint64_t address, void* to, size_t size) {
    return process_.memory().read(address, to, size);
  };
  switch (site.syscall) {
    case SYS_poll:
    case SYS_ppoll:
      polled_kinds = polled(state->arguments[0], state->arguments[1], read);
      break;
    case SYS_select:
    case SYS_pselect6:
      polled_kinds =
          selected(state->arguments[0], std::span<const uint64_t, 3>(state->arguments.data() + 1, 3), read);
      break;
    default:
      if (waits_of_syscall(site.syscall) == Waits::kForFile)
        site.file = static_cast<uint16_t>(kind(site.argument));
      break;
  }
  if (polled_kinds) {
    site.polled = static_cast<uint16_t>(*polled_kinds);
    site.flags |= RT_WAIT_POLLED_KNOWN;
  }
  return site;
}

Reason ProcessFiles::reason_of_sleeper(pid_t tid, const ThreadProbe& probe) {
  std::string function = probe.wait_channel();
  std::string_view leaf = function;
  return reason_of_wait(site_of(tid, probe), waits_of_functions({&leaf, 1}),
                        [this](uint32_t descriptor) { return epoll_kinds(descriptor); });
}

}  // namespace rtprof::kernel
