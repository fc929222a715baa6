#include "jvm/attach_denial.h"

#include <fmt/core.h>

#include <string>
#include <string_view>

#include "common/base/file.h"
#include "common/process/credentials.h"
#include "common/process/procfs.h"
#include "common/process/target_root.h"
#include "jvm/vm_flags.h"

namespace rtprof::jvm {
namespace {

constexpr std::string_view kDisabled = "DisableAttachMechanism", kLoading = "EnableDynamicAgentLoading";

std::string command_line_of(const Process& process) {
  std::string all;
  for (const char* file : {"/environ", "/cmdline"}) {
    if (auto text = read_file(process.directory() + file)) all += *text;
  }
  return all;
}

// Nothing where it is what it is by default.
std::optional<bool> told_flag(const Process& process, std::string_view name) {
  std::string told = command_line_of(process);
  size_t on = told.rfind(fmt::format("-XX:+{}", name));
  size_t off = told.rfind(fmt::format("-XX:-{}", name));
  if (on == off) return std::nullopt;
  return off == std::string::npos || (on != std::string::npos && on > off);
}

std::optional<bool> flag(const Process& process, const Layout* layout, std::string_view name) {
  if (layout == nullptr) return told_flag(process, name);
  auto flags = boolean_flags(process.memory(), layout->objects, {&name, 1});
  auto found = flags.find(name);
  return found == flags.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<Denial> reach_denial(const Process& process) {
  uid_t user = own_credentials().effective_uid;
  bool may_talk = user == 0 || user == process.effective_uid();
  if (may_talk && open_directory_of(process, "/tmp")) return std::nullopt;
  return Denial{"its attach listener is out of reach", "run rtprof as the user of the JVM, or as root"};
}

std::optional<Denial> listener_denial(const Process& process, const Layout* layout) {
  if (flag(process, layout, kDisabled) == true) {
    return Denial{"this JVM was started with -XX:+DisableAttachMechanism",
                  "start the JVM without -XX:+DisableAttachMechanism, to be attached to"};
  }
  auto stat = read_stat(process.directory());
  if (stat && (stat->state == 'T' || stat->state == 't'))
    return Denial{"the process is stopped", fmt::format("kill -CONT {} lets it go on", process.pid())};
  return std::nullopt;
}

std::optional<Denial> attach_denial(const Process& process, const Layout* layout) {
  if (auto denial = listener_denial(process, layout)) return denial;
  if (flag(process, layout, kLoading) == false) {
    return Denial{"this JVM was started with -XX:-EnableDynamicAgentLoading",
                  "start it with -XX:+EnableDynamicAgentLoading"};
  }
  return std::nullopt;
}

}  // namespace rtprof::jvm
