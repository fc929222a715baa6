#include "common/process/credentials.h"

#include <array>
#include <charconv>
#include <span>
#include <unordered_map>

#include "common/base/file.h"

namespace rtprof {
namespace {

// What follows "KEY:" on a line of its own.
std::string_view value_of(std::string_view status, std::string_view key) {
  size_t at = 0;
  while (at < status.size()) {
    size_t end = std::min(status.find('\n', at), status.size());
    std::string_view line = status.substr(at, end - at);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) return line.substr(key.size() + 1);
    at = end + 1;
  }
  return {};
}

// As many numbers as there are and `numbers` holds.
template <typename T>
void parse_numbers(std::string_view text, int base, std::span<T> numbers) {
  for (T& number : numbers) {
    size_t start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) return;
    auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), number, base);
    if (error != std::errc()) return;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
}

std::unordered_map<uint32_t, std::string> read_user_names() {
  std::unordered_map<uint32_t, std::string> names;
  auto content = read_file("/etc/passwd");
  std::string_view rest = content ? std::string_view(*content) : std::string_view();
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    size_t name_end = line.find(':');
    size_t uid_start = line.find(':', name_end + 1);
    if (name_end == std::string_view::npos || uid_start == std::string_view::npos) continue;
    std::array<uint32_t, 1> uid{~uint32_t{0}};
    parse_numbers<uint32_t>(line.substr(uid_start + 1), 10, uid);
    names.try_emplace(uid[0], line.substr(0, name_end));
  }
  return names;
}

}  // namespace

Credentials parse_credentials(std::string_view status) {
  std::array<uint32_t, 3> uids{};
  std::array<uint32_t, 3> gids{};
  parse_numbers<uint32_t>(value_of(status, "Uid"), 10, uids);
  parse_numbers<uint32_t>(value_of(status, "Gid"), 10, gids);
  Credentials credentials;
  credentials.real_uid = uids[0];
  credentials.effective_uid = uids[1];
  credentials.saved_uid = uids[2];
  credentials.real_gid = gids[0];
  credentials.effective_gid = gids[1];
  credentials.saved_gid = gids[2];
  parse_numbers<uint64_t>(value_of(status, "CapPrm"), 16, {&credentials.permitted, 1});
  parse_numbers<uint64_t>(value_of(status, "CapEff"), 16, {&credentials.effective, 1});
  return credentials;
}

std::optional<Credentials> read_credentials(pid_t pid) {
  auto status = read_file("/proc/" + std::to_string(pid) + "/status");
  if (!status) return std::nullopt;
  return parse_credentials(*status);
}

Credentials own_credentials() {
  auto status = read_file("/proc/self/status");
  return status ? parse_credentials(*status) : Credentials{};
}

std::string user_name(uint32_t uid) {
  static const std::unordered_map<uint32_t, std::string> names = read_user_names();
  auto known = names.find(uid);
  return known == names.end() ? std::to_string(uid) : known->second;
}

}  // namespace rtprof
