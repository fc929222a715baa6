#include "common/process/container.h"

#include <algorithm>
#include <optional>

#include "common/base/file.h"

namespace rtprof {
namespace {

constexpr size_t kIdDigits = 64;
constexpr size_t kShownDigits = 12;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// The 64 hexadecimal digits in a path's component, such as "docker-3f2a….scope".
std::optional<std::string_view> id_in(std::string_view path) {
  size_t run = 0;
  for (size_t at = 0; at <= path.size(); ++at) {
    if (at < path.size() && is_hex(path[at])) {
      ++run;
      continue;
    }
    if (run == kIdDigits) return path.substr(at - run, kShownDigits);
    run = 0;
  }
  return std::nullopt;
}

// What stands between `prefix` and the next '/', without `suffix`.
std::optional<std::string_view> name_after(std::string_view path, std::string_view prefix,
                                           std::string_view suffix) {
  size_t at = path.find(prefix);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view name = path.substr(at + prefix.size());
  name = name.substr(0, name.find('/'));
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  if (name.empty()) return std::nullopt;
  return name;
}

}  // namespace

std::string container_in_cgroup(std::string_view cgroup) {
  while (!cgroup.empty()) {
    std::string_view line = cgroup.substr(0, cgroup.find('\n'));
    cgroup.remove_prefix(std::min(line.size() + 1, cgroup.size()));
    // hierarchy:controllers:path
    size_t path_start = line.find(':', line.find(':') + 1);
    if (path_start == std::string_view::npos) continue;
    std::string_view path = line.substr(path_start + 1);
    if (auto id = id_in(path)) return std::string(*id);
    if (auto name = name_after(path, "/lxc.payload.", "")) return std::string(*name);
    if (auto name = name_after(path, "/lxc/", "")) return std::string(*name);
    if (auto name = name_after(path, "/machine.slice/systemd-nspawn@", ".service")) return std::string(*name);
    if (auto name = name_after(path, "/machine.slice/machine-", ".scope")) return std::string(*name);
  }
  return {};
}

std::string container_of(pid_t pid) {
  std::string directory = "/proc/" + std::to_string(pid);
  auto cgroup = read_file(directory + "/cgroup");
  static const auto own_cgroup = read_file("/proc/self/cgroup");
  bool elsewhere = cgroup && (!own_cgroup || *cgroup != *own_cgroup);
  if (elsewhere) {
    if (std::string name = container_in_cgroup(*cgroup); !name.empty()) return name;
  }
  static const std::string own_namespace = read_link("/proc/self/ns/pid");
  std::string its_namespace = read_link(directory + "/ns/pid");
  if (its_namespace.empty() || its_namespace == own_namespace) return {};
  // "pid:[4026532198]"
  std::erase_if(its_namespace, [](char c) { return c == '[' || c == ']'; });
  return its_namespace;
}

}  // namespace rtprof
