#include "python/locate.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/elf/modules.h"
#include "common/process/access.h"
#include "python/image.h"
#include "python/objects.h"

namespace rtprof {
namespace {

using Outcome = PythonSearch::Outcome;

// Minor versions that a test of this repository attaches to.
constexpr uint8_t kTestedMinors[] = {9, 11, 13, 14, 15};

std::string usual_hint(Outcome outcome) {
  if (outcome == Outcome::kUnsupported) {
    return "a newer rtprof may know it; rtprof --version says which this is";
  }
  if (outcome == Outcome::kNotRunning) {
    return "try again while it runs its program; rtprof run profiles one from its start to its end";
  }
  return "";
}

PythonSearch failed(Outcome outcome, std::string version, std::string problem, std::string hint = {}) {
  if (hint.empty()) hint = usual_hint(outcome);
  return {outcome, std::move(version), std::move(problem), std::move(hint), std::nullopt};
}

// The first interpreter of a runtime, and one of its threads.
struct FirstThread {
  Address interp = 0;
  Address thread = 0;
};

std::optional<FirstThread> first_thread(const Memory& memory, const rt_py_walk& walk) {
  auto interp = memory.pointer(walk.runtime + walk.runtime_interpreters_head);
  if (!interp || *interp == 0) return std::nullopt;
  auto thread = memory.pointer(*interp + walk.interp_threads_head);
  if (!thread || *thread == 0) return std::nullopt;
  return FirstThread{*interp, *thread};
}

// The type of a code object that some thread runs: right also where an executable has a copy of PyCode_Type,
// or no symbols.
Address code_type_in_use(const Memory& memory, const PythonLayout& layout, FirstThread at) {
  constexpr int kMostThreads = 64;
  constexpr int kMostFrames = 16;
  const rt_py_walk& walk = layout.walk;
  for (int threads = 0; at.thread != 0 && threads < kMostThreads; ++threads) {
    Address frame = memory.pointer(at.thread + walk.thread_frame).value_or(0);
    if (frame != 0 && walk.cframe_frame != kNoOffset) {
      frame = memory.pointer(frame + walk.cframe_frame).value_or(0);
    }
    for (int frames = 0; frame != 0 && frames < kMostFrames; ++frames) {
      Address code = memory.pointer(frame + walk.frame_code).value_or(0) & walk.code_mask;
      if (code != 0 && type_name_of(memory, layout, code) == "code") {
        return memory.pointer(code + walk.object_type).value_or(0);
      }
      frame = memory.pointer(frame + walk.frame_back).value_or(0);
    }
    at.thread = memory.pointer(at.thread + walk.thread_next).value_or(0);
  }
  return 0;
}

// Searches one process.
class Search {
 public:
  explicit Search(const Process& process) : process_(process), memory_(process.memory()) {}

  PythonSearch run() {
    auto maps = read_file(process_.directory() + "/maps");
    if (!maps && (maps.failure().error == EACCES || maps.failure().error == EPERM)) {
      return not_permitted("");
    }
    modules_ = modules_of(process_);
    // The names that interpreters usually have come first; all others are still looked into, since a program
    // can hold an interpreter of its own.
    std::stable_partition(modules_.begin(), modules_.end(), [](const Module& module) {
      return module.path.find("python", module.path.rfind('/') + 1) != std::string::npos;
    });
    PythonSearch best = failed(Outcome::kNotPython, "", "no CPython interpreter is mapped");
    for (const Module& module : modules_) {
      auto image = python_image_of(module);
      if (!image || !image->interpreter) continue;
      PythonSearch search = examine(module, *image);
      if (search.found()) return search;
      // A copy of the runtime that nobody started says less than one that cannot be read.
      bool better = best.outcome == Outcome::kNotPython || best.outcome == Outcome::kNotRunning;
      if (better) best = std::move(search);
    }
    return best;
  }

 private:
  PythonSearch examine(const Module& module, const PythonImage& image) {
    bias_ = bias_of(module);
    std::string name = image.version ? image.version->text() : "";
    if (image.runtime == 0) {
      PythonVersion version = image.version.value_or(PythonVersion{});
      return failed(Outcome::kUnsupported, name, unsupported_reason(version));
    }
    if (!bias_) return failed(Outcome::kUnsupported, name, "where its interpreter is mapped is not clear");

    std::array<uint8_t, kDebugOffsetsBytes> head;
    Address runtime = *bias_ + image.runtime;
    if (!memory_.read(runtime, head.data(), head.size())) return unreadable(name);
    auto version = version_of(image, head);
    if (!version) return failed(Outcome::kUnsupported, "", "its CPython version is not to be found");
    auto layout = has_debug_offsets(head) ? layout_from_debug_offsets(head) : layout_of(*version);
    if (!layout) return failed(Outcome::kUnsupported, version->text(), layout.failure().message);
    PythonProcess python;
    python.layout = *layout;
    python.layout.version = *version;
    python.layout.walk.runtime = runtime;
    python.module = module.path;
    return examine_runtime(std::move(python), image);
  }

  PythonSearch not_permitted(const std::string& version) {
    auto denial = memory_denial(process_.pid());
    if (!denial) return failed(Outcome::kNotRunning, version, "it ended while it was looked at");
    return failed(Outcome::kNotPermitted, version, denial->reason, denial->fix);
  }

  PythonSearch unreadable(const std::string& version) {
    if (RemoteMemory::last_error() == EPERM) return not_permitted(version);
    return failed(Outcome::kNotRunning, version, "its memory changed while it was looked at");
  }

  std::optional<PythonVersion> version_of(const PythonImage& image, std::span<const uint8_t> runtime) {
    if (image.version_number != 0) {
      auto number = memory_.get<uint64_t>(*bias_ + image.version_number);
      if (number && *number != 0) return PythonVersion::from_hex(*number);
    }
    if (has_debug_offsets(runtime)) return debug_offsets_version(runtime);
    return image.version;
  }

  PythonSearch examine_runtime(PythonProcess python, const PythonImage& image) {
    const rt_py_walk& walk = python.layout.walk;
    std::string version = python.layout.version.text();
    if (memory_.pointer(walk.runtime + python.layout.runtime_finalizing).value_or(0) != 0) {
      return failed(Outcome::kNotRunning, version, "its interpreter is shutting down");
    }
    auto first = first_thread(memory_, walk);
    if (!first)
      return failed(Outcome::kNotRunning, version, "its interpreter is still starting, or has ended");
    if (memory_.pointer(first->thread + walk.thread_interp) != first->interp) {
      return failed(Outcome::kUnsupported, version,
                    fmt::format("its structures are not those of CPython {}", version));
    }
    fill_gil(python.layout, *first);
    python.code_type = code_type_in_use(memory_, python.layout, *first);
    if (python.code_type == 0) python.code_type = object_named("PyCode_Type", image.code_type);
    python.none = object_named("_Py_NoneStruct", image.none);
    // Until 3.12 a frame's code always is a code object.
    if (python.layout.version.minor >= 13) python.layout.walk.code_type = python.code_type;
    PythonSearch found;
    found.outcome = Outcome::kFound;
    found.version = version;
    found.process = std::move(python);
    return found;
  }

  // Keeps the way to the GIL only if what is there looks like one: its place is no part of any promise.
  void fill_gil(PythonLayout& layout, const FirstThread& first) {
    rt_py_walk& walk = layout.walk;
    Address gil = 0;
    if (layout.runtime_gil != kNoOffset) gil = walk.runtime + layout.runtime_gil;
    if (walk.interp_gil != kNoOffset) gil = memory_.pointer(first.interp + walk.interp_gil).value_or(0);
    auto locked = gil != 0 ? memory_.get<int32_t>(gil + walk.gil_locked) : std::nullopt;
    bool plausible = locked && *locked >= -1 && *locked <= 1;
    if (!plausible) walk.interp_gil = kNoOffset;
    if (plausible && layout.runtime_gil != kNoOffset) walk.gil = gil;
  }

  // Where an object of the interpreter is. An executable that is linked at a fixed address may have its own
  // copy, and then all modules use that one.
  Address object_named(std::string_view symbol, uint64_t in_module) {
    for (const Module& module : modules_) {
      if (module.path != process_.executable()) continue;
      auto file = ElfFile::open(module.readable_path);
      auto found = file ? file->symbol(symbol) : std::nullopt;
      auto bias = file ? module.load_bias(*file) : std::nullopt;
      if (found && bias) return *bias + found->address;
    }
    return in_module != 0 ? *bias_ + in_module : 0;
  }

  static std::optional<uint64_t> bias_of(const Module& module) {
    auto file = ElfFile::open(module.readable_path);
    return file ? module.load_bias(*file) : std::nullopt;
  }

  const Process& process_;
  const Memory& memory_;
  std::vector<Module> modules_;
  std::optional<uint64_t> bias_;
};

std::string described(const Process& process) {
  return fmt::format("process {} ({})", process.pid(), process.comm());
}

}  // namespace

PythonSearch find_python(const Process& process) {
  return Search(process).run();
}

PythonProcess require_python(const Process& process, Nanoseconds patience) {
  constexpr auto kPause = std::chrono::milliseconds(20);
  TimePoint give_up = monotonic_now() + patience;
  PythonSearch search = find_python(process);
  while (search.outcome == Outcome::kNotRunning && process.alive() && monotonic_now() < give_up) {
    std::this_thread::sleep_for(kPause);
    search = find_python(process);
  }
  if (search.found()) return std::move(*search.process);
  if (!process.alive()) {
    throw Error(ExitCode::kTargetEnded, described(process) + " ended before it was looked at");
  }
  std::string what = described(process);
  if (search.outcome == Outcome::kNotPython) {
    throw Error(ExitCode::kFailed, what + " is not a Python process", "rtprof ps lists what can be profiled");
  }
  bool permitted = search.outcome != Outcome::kNotPermitted;
  throw Error(permitted ? ExitCode::kFailed : ExitCode::kNotPermitted,
              fmt::format("cannot read the interpreter of {}: {}", what, search.problem), search.hint);
}

std::optional<Detection> detect_python(const Process& process) {
  PythonSearch search = find_python(process);
  if (search.outcome == Outcome::kNotPython) return std::nullopt;
  // Whose memory is closed to us is known by its name only.
  if (search.outcome == Outcome::kNotPermitted && !process.comm().starts_with("python")) return std::nullopt;
  Detection detection;
  detection.version = search.version;
  detection.permitted = search.outcome != Outcome::kNotPermitted;
  detection.unsupported = search.problem;
  detection.hint = search.hint;
  if (search.found()) {
    const PythonLayout& layout = search.process->layout;
    detection.tested = !layout.free_threaded && std::find(std::begin(kTestedMinors), std::end(kTestedMinors),
                                                          layout.version.minor) != std::end(kTestedMinors);
  }
  return detection;
}

}  // namespace rtprof
