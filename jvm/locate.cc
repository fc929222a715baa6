#include "jvm/locate.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/elf/modules.h"
#include "common/process/access.h"
#include "jvm/code_heaps.h"
#include "jvm/vendor.h"
#include "jvm/vm_structs.h"

namespace rtprof::jvm {
namespace {

using Outcome = JvmSearch::Outcome;

// Releases that a test of this repository attaches to.
constexpr int kTestedFeatures[] = {8, 11, 17, 21, 25, 26};
constexpr int kOldestFeature = 8;
constexpr size_t kLongestProgram = 4096;

JvmSearch failed(Outcome outcome, std::string version, std::string problem, std::string hint = {}) {
  JvmSearch search;
  search.outcome = outcome;
  search.version = std::move(version);
  search.problem = std::move(problem);
  search.hint = std::move(hint);
  return search;
}

bool is_named(const Module& module, std::string_view name) {
  constexpr std::string_view kDeleted = " (deleted)";
  std::string_view path = module.path;
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path.substr(path.rfind('/') + 1).starts_with(name);
}

JvmSearch not_permitted(const Process& process) {
  auto denial = memory_denial(process.pid());
  if (!denial) return failed(Outcome::kStarting, "", "it ended while it was looked at");
  return failed(Outcome::kNotPermitted, "", denial->reason, denial->fix);
}

// Main class or jar, of what the launcher was told: "app.jar server --port 1".
std::string program_of(const Memory& memory, const Layout& layout) {
  auto at = layout.java_command != 0 ? memory.pointer(layout.java_command) : std::nullopt;
  auto command = at && *at != 0 ? memory.c_string(*at, kLongestProgram) : std::nullopt;
  return command ? command->substr(0, command->find(' ')) : "";
}

JvmSearch search_in(const Process& process, const Module& module) {
  auto file = ElfFile::open(module.readable_path);
  if (!file) {
    return failed(Outcome::kUnsupported, "",
                  fmt::format("{} cannot be read: {}", module.path, file.failure().message));
  }
  auto bias = module.load_bias(*file);
  if (!bias) return failed(Outcome::kStarting, "", "it is still being loaded");
  const Memory& memory = process.memory();
  auto structs = VmStructs::read(memory, [&](std::string_view name) -> std::optional<Address> {
    auto symbol = file->symbol(name);
    return symbol ? std::optional(*bias + symbol->address) : std::nullopt;
  });
  if (!structs) {
    if (!process.has_insider() && RemoteMemory::last_error() == EPERM) return not_permitted(process);
    return failed(Outcome::kUnsupported, "",
                  fmt::format("{} does not describe itself: {}", module.path, structs.failure().message),
                  "HotSpot of OpenJDK 8 and newer does; rtprof attach --all shows native frames of others");
  }
  auto version = version_of(*structs, memory);
  if (!version) return failed(Outcome::kStarting, "", "it is still starting");
  if (version->feature < kOldestFeature) {
    return failed(Outcome::kUnsupported, version->text,
                  fmt::format("JDK {} is not supported, only {} and newer", version->text, kOldestFeature));
  }
  auto layout = layout_of(*structs, *version);
  if (!layout) {
    return failed(Outcome::kUnsupported, version->text, layout.failure().message,
                  "a newer rtprof may know it; rtprof --version says which this is");
  }
  bool has_code =
      CodeHeaps(memory, *layout).refresh() && memory.pointer(layout->call_stub_return).value_or(0);
  if (!has_code) return failed(Outcome::kStarting, version->text, "it is still starting");
  JvmSearch found;
  found.outcome = Outcome::kFound;
  found.version = version->text;
  found.vendor = vendor_of(process, module);
  found.program = program_of(memory, *layout);
  found.layout = std::move(*layout);
  return found;
}

// What is no libjvm.so: HotSpot that is linked into its launcher (static JDKs, from 24 on), and what GraalVM
// compiles a program to, which has its heap in a section of its own (SubstrateVM, ELFObjectFile).
JvmSearch search_in_program(const Process& process, std::string_view maps) {
  constexpr std::string_view kOthers = "rtprof attach --all shows its native frames";
  auto program = ElfFile::open(process.directory() + "/exe");
  if (program && program->section(".svm_heap"))
    return failed(Outcome::kUnsupported, "", "it is a GraalVM native image, which has no JVM in it",
                  fmt::format("{}, whole where it was built with -H:+PreserveFramePointer", kOthers));
  // Looking a symbol up takes long in large programs: HotSpot has a file of counters mapped.
  bool may_be_linked = maps.find("/hsperfdata_") != std::string_view::npos || process.comm() == "java";
  if (program && may_be_linked && program->symbol("gHotSpotVMStructs"))
    return failed(Outcome::kUnsupported, "", "its libjvm is linked into the program",
                  fmt::format("use a JDK whose libjvm.so is a file of its own; {}", kOthers));
  return failed(Outcome::kNotJvm, "", "no JVM is mapped");
}

std::string described(const Process& process) {
  return fmt::format("process {} ({})", process.pid(), process.comm());
}

}  // namespace

JvmSearch find_jvm(const Process& process) {
  auto maps = read_file(process.directory() + "/maps");
  if (!maps && (maps.failure().error == EACCES || maps.failure().error == EPERM))
    return not_permitted(process);
  bool is_candidate =
      maps && (maps->find("/libjvm.so") != std::string::npos || maps->find("/libj9vm") != std::string::npos);
  // The launcher, which is about to load it.
  bool is_launching = maps && maps->find("/libjli.so") != std::string::npos;
  if (is_launching && !is_candidate) return failed(Outcome::kStarting, "", "it is still being loaded");
  if (!is_candidate)
    return maps ? search_in_program(process, *maps) : failed(Outcome::kNotJvm, "", "no JVM is mapped");
  std::vector<Module> modules = modules_of(process);
  for (const Module& module : modules) {
    if (is_named(module, "libj9vm")) {
      return failed(Outcome::kUnsupported, "", "it is an OpenJ9 JVM, and only HotSpot can be read",
                    "jcmd PID Dump.java shows what its threads do");
    }
  }
  for (const Module& module : modules) {
    if (is_named(module, "libjvm.so")) return search_in(process, module);
  }
  return failed(Outcome::kNotJvm, "", "no JVM is mapped");
}

JvmSearch require_jvm(const Process& process, Nanoseconds patience) {
  constexpr auto kPause = std::chrono::milliseconds(20);
  TimePoint give_up = monotonic_now() + patience;
  JvmSearch search = find_jvm(process);
  while (search.outcome == Outcome::kStarting && process.alive() && monotonic_now() < give_up) {
    std::this_thread::sleep_for(kPause);
    search = find_jvm(process);
  }
  if (search.found()) return search;
  if (!process.alive()) {
    throw Error(ExitCode::kTargetEnded, described(process) + " ended before it was looked at");
  }
  std::string what = described(process);
  if (search.outcome == Outcome::kNotJvm)
    throw Error(ExitCode::kFailed, what + " is not a JVM", "rtprof ps lists what can be profiled");
  std::string hint = search.hint;
  if (search.outcome == Outcome::kStarting)
    hint = "try again when it runs its program; rtprof run profiles one from its start to its end";
  bool permitted = search.outcome != Outcome::kNotPermitted;
  throw Error(permitted ? ExitCode::kFailed : ExitCode::kNotPermitted,
              fmt::format("cannot read the JVM of {}: {}", what, search.problem), hint);
}

std::optional<Detection> detect_jvm(const Process& process) {
  JvmSearch search = find_jvm(process);
  if (search.outcome == Outcome::kNotJvm) return std::nullopt;
  // Whose memory is closed to us is known by its name only.
  if (search.outcome == Outcome::kNotPermitted && process.comm() != "java") return std::nullopt;
  Detection detection;
  detection.version = search.version;
  detection.vendor = search.vendor;
  detection.program = search.program;
  detection.permitted = search.outcome != Outcome::kNotPermitted;
  detection.unsupported = search.problem;
  detection.hint = search.hint;
  if (search.found()) {
    bool is_release = std::find(std::begin(kTestedFeatures), std::end(kTestedFeatures),
                                search.layout->version.feature) != std::end(kTestedFeatures);
    // Tests run Debian's builds, some of which do not tell whose they are.
    detection.tested = is_release && (search.vendor.empty() || search.vendor == "Debian");
  }
  return detection;
}

}  // namespace rtprof::jvm
