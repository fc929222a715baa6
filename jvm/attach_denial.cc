#include "jvm/attach_denial.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/process/credentials.h"
#include "common/process/procfs.h"
#include "common/process/target_root.h"
#include "jvm/vm_flags.h"

namespace rtprof::jvm {
namespace {

constexpr std::string_view kDisabled = "DisableAttachMechanism", kLoading = "EnableDynamicAgentLoading";

std::vector<std::string> words_of(const std::string& text, char end) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, end);) words.push_back(word);
  return words;
}

void append_variable(const std::vector<std::string>& environment, std::string_view name,
                     std::vector<std::string>& options) {
  for (const std::string& each : environment) {
    if (!each.starts_with(name) || each.size() <= name.size() || each[name.size()] != '=') continue;
    for (std::string& word : words_of(each.substr(name.size() + 1), ' ')) options.push_back(std::move(word));
  }
}

// Up to the main class, which what follows is for.
void append_arguments(const std::vector<std::string>& command_line, std::vector<std::string>& options) {
  constexpr std::string_view kWithValue[] = {"-cp",
                                             "-classpath",
                                             "--class-path",
                                             "-p",
                                             "--module-path",
                                             "--upgrade-module-path",
                                             "--add-modules",
                                             "--add-exports",
                                             "--add-opens",
                                             "--add-reads",
                                             "--patch-module",
                                             "--source"};
  for (size_t i = 1; i < command_line.size(); ++i) {
    const std::string& argument = command_line[i];
    bool is_option = argument.starts_with('-') || argument.starts_with('@');
    if (!is_option || argument == "-jar" || argument == "-m" || argument == "--module") return;
    options.push_back(argument);
    if (std::ranges::find(kWithValue, argument) != std::end(kWithValue)) ++i;
  }
}

// In the order in which HotSpot and its launcher read them: what comes later holds.
std::vector<std::string> told_options(const Process& process) {
  auto words = [&](const char* file) {
    auto text = read_file(process.directory() + file);
    return text ? words_of(*text, '\0') : std::vector<std::string>();
  };
  std::vector<std::string> environment = words("/environ"), options;
  append_variable(environment, "JAVA_TOOL_OPTIONS", options);
  append_variable(environment, "JDK_JAVA_OPTIONS", options);
  append_arguments(words("/cmdline"), options);
  append_variable(environment, "_JAVA_OPTIONS", options);
  return options;
}

// Nothing where it is what it is by default.
std::optional<bool> told_flag(const Process& process, std::string_view name) {
  std::optional<bool> told;
  for (const std::string& option : told_options(process)) {
    if (option == fmt::format("-XX:+{}", name)) told = true;
    if (option == fmt::format("-XX:-{}", name)) told = false;
  }
  return told;
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
