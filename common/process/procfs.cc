#include "common/process/procfs.h"

#include <sys/sysmacros.h>

#include <charconv>

#include "common/base/file.h"

namespace rtprof {
namespace {

// Cuts the text before the next separator off `rest`; what follows the separator stays.
std::string_view take(std::string_view& rest, char separator) {
  size_t at = rest.find(separator);
  std::string_view head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return head;
}

std::string_view take_field(std::string_view& rest) {
  size_t start = rest.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(start);
  size_t end = rest.find_first_of(" \t");
  std::string_view field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  return field;
}

template <typename T>
T number(std::string_view text, int base = 10) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

std::optional<Mapping> parse_mapping(std::string_view line) {
  Mapping mapping;
  std::string_view range = take_field(line);
  mapping.start = number<uint64_t>(take(range, '-'), 16);
  mapping.end = number<uint64_t>(range, 16);
  std::string_view access = take_field(line);
  if (access.size() < 4 || mapping.end <= mapping.start) return std::nullopt;
  mapping.readable = access[0] == 'r';
  mapping.writable = access[1] == 'w';
  mapping.executable = access[2] == 'x';
  mapping.offset = number<uint64_t>(take_field(line), 16);
  std::string_view device = take_field(line);
  auto major = number<unsigned>(take(device, ':'), 16);
  mapping.device = makedev(major, number<unsigned>(device, 16));
  mapping.inode = number<uint64_t>(take_field(line));
  size_t path = line.find_first_not_of(' ');
  if (path != std::string_view::npos) mapping.path = line.substr(path);
  return mapping;
}

}  // namespace

std::vector<Mapping> parse_maps(std::string_view text) {
  std::vector<Mapping> mappings;
  while (!text.empty()) {
    if (auto mapping = parse_mapping(take(text, '\n'))) mappings.push_back(std::move(*mapping));
  }
  return mappings;
}

std::optional<ProcStat> parse_stat(std::string_view text) {
  // The name is in parentheses and may itself contain any character: it ends at the last one.
  size_t open = text.find('(');
  size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  ProcStat stat;
  stat.comm = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  std::vector<std::string_view> fields;  // fields[0] is field 3 of proc(5)
  while (!rest.empty()) {
    if (std::string_view field = take_field(rest); !field.empty()) fields.push_back(field);
  }
  constexpr size_t kStartTime = 22 - 3;
  if (fields.size() <= kStartTime) return std::nullopt;
  stat.state = fields[0][0];
  stat.parent = number<pid_t>(fields[1]);
  stat.flags = number<uint64_t>(fields[9 - 3]);
  stat.user_ticks = number<uint64_t>(fields[14 - 3]);
  stat.system_ticks = number<uint64_t>(fields[15 - 3]);
  stat.start_time = number<uint64_t>(fields[kStartTime]);
  return stat;
}

ProcStatus parse_status(std::string_view text) {
  ProcStatus status;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    std::string_view key = take(line, ':');
    if (key == "Tgid") {
      status.tgid = number<pid_t>(take_field(line));
    } else if (key == "NSpid") {
      for (auto field = take_field(line); !field.empty(); field = take_field(line)) {
        status.ns_pids.push_back(number<pid_t>(field));
      }
    } else if (key == "Uid") {
      status.real_uid = number<uint32_t>(take_field(line));
      status.effective_uid = number<uint32_t>(take_field(line));
    } else if (key == "Gid") {
      take_field(line);
      status.effective_gid = number<uint32_t>(take_field(line));
    } else if (key == "TracerPid") {
      status.tracer = number<pid_t>(take_field(line));
    } else if (key == "voluntary_ctxt_switches") {
      status.voluntary_switches = number<uint64_t>(take_field(line));
    } else if (key == "nonvoluntary_ctxt_switches") {
      status.involuntary_switches = number<uint64_t>(take_field(line));
    }
  }
  return status;
}

std::optional<ProcStat> read_stat(const std::string& path) {
  auto text = read_file(path + "/stat");
  return text ? parse_stat(*text) : std::nullopt;
}

std::optional<ProcStatus> read_status(const std::string& path) {
  auto text = read_file(path + "/status");
  if (!text) return std::nullopt;
  return parse_status(*text);
}

std::optional<Nanoseconds> read_thread_cpu_time(pid_t pid, pid_t tid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/schedstat");
  if (!text || text->empty()) return std::nullopt;
  std::string_view rest = *text;
  return number<Nanoseconds>(take_field(rest));
}

std::string kernel_thread_name(pid_t pid, pid_t tid) {
  auto stat = read_stat("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid));
  return stat ? stat->comm : std::string();
}

}  // namespace rtprof
