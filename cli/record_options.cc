#include "cli/record_options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "common/base/error.h"
#include "common/base/parse.h"
#include "report/palette.h"

namespace rtprof::cli {
namespace {

// The kernel's cpu-clock ticks at most every 10 µs.
constexpr double kHighestRate = 100'000;
constexpr double kLowestRate = 0.01;
constexpr Nanoseconds kLongestDuration = 30 * 24 * 3600 * kSecond;

[[noreturn]] void usage_error(const std::string& message, const std::string& hint) {
  throw Error(ExitCode::kUsage, message, hint);
}

std::vector<Event> events_of(const RecordOptions& options) {
  std::vector<Event> events;
  for (const std::string& name : options.events) {
    auto event = event_from_name(name);
    if (!event) {
      usage_error(fmt::format("unknown event '{}'", name),
                  "-e takes cpu, wall, offcpu, alloc, lock, or several with commas: cpu,wall");
    }
    if (std::find(events.begin(), events.end(), *event) == events.end()) events.push_back(*event);
  }
  if (events.empty()) events.push_back(Event::kCpu);
  return events;
}

double rate_of(const RecordOptions& options) {
  auto rate = parse_rate(options.rate);
  if (!rate || *rate < kLowestRate || *rate > kHighestRate) {
    usage_error(fmt::format("'{}' is not a sampling rate", options.rate),
                "-r takes samples a second between 0.01 and 100000, such as 99, 1k or 100khz");
  }
  return *rate;
}

uint64_t allocation_interval_of(const RecordOptions& options) {
  constexpr uint64_t kLargest = 1 << 30;
  auto size = parse_bytes(options.allocation_interval);
  if (!size || *size == 0 || *size > kLargest) {
    usage_error(fmt::format("'{}' is not a size", options.allocation_interval),
                "--alloc-interval takes bytes up to 1g, such as 65536, 512k or 1m");
  }
  return *size;
}

UnwindMethod unwind_of(const RecordOptions& options) {
  if (options.unwind == "fp") return UnwindMethod::kFramePointer;
  return options.unwind == "dwarf" ? UnwindMethod::kDwarf : UnwindMethod::kAuto;
}

Nanoseconds wait_of(const std::string& text, const char* option, Nanoseconds otherwise) {
  if (text.empty()) return otherwise;
  auto wait = parse_duration(text);
  if (wait && *wait >= 0) return *wait;
  usage_error(fmt::format("'{}' is not a time", text),
              fmt::format("{} takes seconds or 10us, 5ms, 2m", option));
}

std::optional<Mechanism> mechanism_of(const RecordOptions& options) {
  if (options.mechanism.empty()) return std::nullopt;
  auto mechanism = mechanism_from_name(options.mechanism);
  bool known = mechanism && (*mechanism == Mechanism::kKernel || *mechanism == Mechanism::kPause ||
                             *mechanism == Mechanism::kRead || *mechanism == Mechanism::kAgent ||
                             *mechanism == Mechanism::kJfr);
  if (!known) {
    usage_error(fmt::format("unknown mechanism '{}'", options.mechanism),
                "--mechanism takes kernel, pause, read, agent or jfr");
  }
  std::vector<Event> events = events_of(options);
  auto is_agents = [](Event event) { return event == Event::kAlloc || event == Event::kLock; };
  bool by_agent = std::ranges::all_of(events, is_agents);
  if (by_agent && *mechanism != Mechanism::kAgent) {
    usage_error(fmt::format("--mechanism {} is not for -e {}", options.mechanism, event_name(events.front())),
                "-e alloc and lock take the agent, the others are for the other events");
  }
  if (*mechanism == Mechanism::kAgent && options.no_agent)
    usage_error("--mechanism agent contradicts --no-agent", "leave one of them out");
  if (*mechanism != Mechanism::kKernel &&
      std::find(options.events.begin(), options.events.end(), "offcpu") != options.events.end()) {
    usage_error(fmt::format("-e offcpu needs the kernel mechanism, not {}", options.mechanism),
                "-e wall shows waits by any mechanism, sampled");
  }
  if (options.nonblocking && *mechanism == Mechanism::kPause) {
    usage_error("--mechanism pause contradicts --nonblocking", "leave one of them out");
  }
  return mechanism;
}

}  // namespace

void add_sampling_options(CLI::App& command, RecordOptions& options) {
  command.add_option("-e,--event", options.events, "what to record: cpu, wall, offcpu, alloc or lock")
      ->delimiter(',')
      ->default_str("cpu");
  command.add_option("-r,--rate", options.rate, "samples a second and thread; also 1k, 100khz")
      ->capture_default_str();
  command
      .add_option("--alloc-interval", options.allocation_interval,
                  "alloc: mean bytes between samples; also 64k, 1m")
      ->capture_default_str();
  command.add_flag("--alloc-type,!--no-alloc-type", options.allocation_types,
                   "alloc: the type of the object as leaf frame (default)");
  command.add_option("--lock-threshold", options.lock_threshold,
                     "lock: leave out shorter waits; seconds, or 5ms, 10us (default 10us)");
  command.add_flag("--no-agent", options.no_agent, "never load anything into the target");
  command.add_flag("-s,--subprocesses", options.subprocesses, "also the children, now and later");
  command.add_option("--mechanism", options.mechanism,
                     "insist on kernel, pause, read, agent or jfr; the best permitted without it");
  command.add_flag("--nonblocking", options.nonblocking, "never pause the target");
  command
      .add_option("--max-pause-share", options.max_pause_share,
                  "most of any second that a thread may be held")
      ->capture_default_str();
  command.add_flag("-g,--gil", options.gil, "Python: only time while holding the GIL");
  command.add_flag("--jit-marks", options.jit_marks,
                   "JVM: mark frames as interpreted _[0], C1's _[1], C2's _[j], inlined _[i]");
  command.add_flag("--signatures", options.signatures, "JVM: methods with their signatures");
  command.add_flag("--idle", options.idle, "cpu counts elapsed time of all threads");
  command
      .add_option("--unwind", options.unwind,
                  "native stacks: auto, fp (frame pointers) or dwarf (call-frame information)")
      ->check(CLI::IsMember({"auto", "fp", "dwarf"}))
      ->capture_default_str();
  command.add_flag("--no-kernel", options.no_kernel, "leave kernel frames out");
}

void add_filter_options(CLI::App& command, RecordOptions& options) {
  command
      .add_option("-I,--include", options.include, "keep stacks with a frame that matches GLOB; may repeat")
      ->type_name("GLOB")
      ->expected(1)
      ->allow_extra_args(false)  // or "[native]" would be taken for a list of one
      ->take_all();
  command
      .add_option("-X,--exclude", options.exclude, "drop stacks with a frame that matches GLOB; may repeat")
      ->type_name("GLOB")
      ->expected(1)
      ->allow_extra_args(false)  // or "[native]" would be taken for a list of one
      ->take_all();
  command.add_flag("--full-filenames", options.full_filenames, "whole paths of source files");
}

void add_record_options(CLI::App& command, RecordOptions& options) {
  add_sampling_options(command, options);
  add_filter_options(command, options);
  command.get_option("--event")->description(
      "what to record: cpu, wall, offcpu, alloc, lock; several with commas");
  command.add_option("-d,--duration", options.duration,
                     "seconds to record, or 500ms, 2m; until Ctrl-C without it");
  command.add_flag("--live", options.live, "alloc: only what the last garbage collection left alive");
  command
      .add_option("--as-of", options.as_of,
                  "live: as of the last collection (gc), or now: also what was allocated since")
      ->check(CLI::IsMember({"gc", "now"}));
  command.add_flag("--ages", options.ages, "live: how many collections objects have survived, as leaf frame");
  command.add_option("--min-block", options.min_block,
                     "offcpu: leave out shorter waits; seconds, or 5ms, 10us");
  command.add_option("--max-block", options.max_block, "offcpu: leave out longer waits");
  command.add_flag("-n,--native", options.native, kNativeHelp);
  command.add_flag("--wakers", options.wakers, "offcpu: who ended each wait, above where it waited");
  command.add_flag("-t,--threads", options.threads, "the thread is a root frame");
  auto* lines = command.add_flag("--lines", options.lines, "line numbers in frames (default for Python)");
  command.add_flag("--no-lines", options.no_lines, "no line numbers in frames")->excludes(lines);
  command.add_option("-o,--output", options.output,
                     "file to write, format by its ending; - is standard output");
  command.add_option("-f,--format", options.format, "html, svg, collapsed, pprof, speedscope or text");
  command.add_flag("--per-process", options.per_process, "also one file a process, NAME.PID.EXT");
  command.add_flag("--total", options.total, "collapsed and svg: weights in nanoseconds");
  command.add_flag("--reverse", options.reverse, "the picture grows from the leaf frames");
  command.add_flag("--inverted", options.inverted, "the picture hangs from the top");
  command.add_option("--minwidth", options.min_width, "svg: leave out frames narrower than this, in pixels")
      ->capture_default_str();
  command.add_option("--colors", options.colors, "palette of the picture")
      ->check(CLI::IsMember(palette_names()));
  command.add_option("--title", options.title, "title of the picture");
  command.add_option("--stats", options.stats, "write the quality of the recording to this file, as JSON");
  command.add_flag("-q,--quiet", options.quiet, "no progress, no summary");
}

SamplingPlan plan_of(const RecordOptions& options) {
  SamplingPlan plan;
  plan.events = events_of(options);
  plan.rate = rate_of(options);
  plan.mechanism = mechanism_of(options);
  plan.nonblocking = options.nonblocking;
  auto share = parse_percent(options.max_pause_share);
  if (!share || *share <= 0) {
    usage_error(fmt::format("'{}' is not a share of time", options.max_pause_share),
                "--max-pause-share takes a percentage such as 10%");
  }
  plan.max_pause_share = *share;
  plan.allocation_interval = allocation_interval_of(options);
  plan.allocation_types = options.allocation_types;
  plan.live = options.live;
  plan.live_as_of_now = options.as_of == "now";
  plan.ages = options.ages;
  if (plan.live && !plan.has(Event::kAlloc)) usage_error("--live tells of allocations", "add -e alloc");
  if (!plan.live && (plan.ages || !options.as_of.empty()))
    usage_error("--ages and --as-of tell of what is alive", "add --live");
  plan.lock_threshold = wait_of(options.lock_threshold, "--lock-threshold", plan.lock_threshold);
  if (!options.lock_threshold.empty() && !plan.has(Event::kLock))
    usage_error("--lock-threshold chooses waits of lock", "add -e lock");
  plan.agents = !options.no_agent;
  plan.gil_only = options.gil;
  plan.jit_marks = options.jit_marks;
  plan.signatures = options.signatures;
  plan.threads = options.threads;
  plan.idle = options.idle;
  plan.unwind = unwind_of(options);
  plan.native = options.native;
  plan.kernel_frames = !options.no_kernel;
  plan.native_lines = options.lines;
  plan.wakers = options.wakers;
  if (plan.wakers && !plan.has(Event::kOffCpu))
    usage_error("--wakers tells of waits of offcpu", "add -e offcpu");
  plan.min_wait = wait_of(options.min_block, "--min-block", plan.min_wait);
  plan.max_wait = wait_of(options.max_block, "--max-block", plan.max_wait);
  if (!plan.has(Event::kOffCpu) && (!options.min_block.empty() || !options.max_block.empty())) {
    usage_error("--min-block and --max-block choose waits of offcpu", "add -e offcpu");
  }
  if (plan.min_wait > plan.max_wait) {
    usage_error("--min-block is longer than --max-block", "no wait is both; exchange them");
  }
  return plan;
}

ReportOptions report_options_of(const RecordOptions& options, bool several) {
  ReportOptions report;
  report.include = options.include;
  report.exclude = options.exclude;
  report.processes = several || options.subprocesses;
  report.threads = options.threads;
  if (options.lines) report.lines = true;
  if (options.no_lines) report.lines = false;
  report.full_filenames = options.full_filenames;
  report.total = options.total;
  report.reverse = options.reverse;
  report.inverted = options.inverted;
  report.min_width = options.min_width;
  report.colors = options.colors;
  report.title = options.title;
  return report;
}

Nanoseconds duration_of(const RecordOptions& options) {
  if (options.duration.empty()) return 0;
  auto duration = parse_duration(options.duration);
  if (!duration || *duration <= 0 || *duration > kLongestDuration) {
    usage_error(fmt::format("'{}' is not a duration", options.duration),
                "-d takes seconds or 500ms, 2m, 1h, up to 30 days");
  }
  return *duration;
}

Format format_of(const RecordOptions& options) {
  const std::string hint =
      "-f takes html, svg, collapsed, pprof, speedscope or text; endings: .html .svg .collapsed "
      ".folded .pb.gz .speedscope.json .txt";
  if (!options.format.empty()) {
    if (auto format = format_from_name(options.format)) return *format;
    usage_error(fmt::format("unknown format '{}'", options.format), hint);
  }
  if (options.output.empty()) return Format::kHtml;
  if (options.output == "-") return Format::kCollapsed;
  if (auto format = format_from_path(options.output)) return *format;
  usage_error(fmt::format("the ending of '{}' names no format", options.output), hint);
}

}  // namespace rtprof::cli
