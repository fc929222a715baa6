#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/live_top.h"
#include "cli/record_options.h"
#include "cli/recording.h"
#include "cli/registry.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/top_page.h"
#include "common/base/error.h"
#include "common/base/parse.h"

namespace rtprof::cli {
namespace {

using By = ReportOptions::By;

struct TopOptions {
  std::vector<pid_t> pids;
  RecordOptions record;
  std::string delay = "1";
  uint64_t count = 0;  // refreshes; 0: no end
  bool plain = false;
  size_t rows = 20;  // of a plain table
  bool lines = false;
  bool threads = false;
};

constexpr const char* kKeys =
    "q quit   1-4 sort by column   l lines   t threads   space pause   up down page-up page-down scroll";

Nanoseconds delay_of(const TopOptions& options) {
  constexpr Nanoseconds kShortest = 100 * kMillisecond;
  constexpr Nanoseconds kLongest = 3600 * kSecond;
  auto delay = parse_duration(options.delay);
  if (!delay || *delay < kShortest || *delay > kLongest) {
    throw Error(ExitCode::kUsage, fmt::format("'{}' is not a delay", options.delay),
                "--delay takes seconds between two refreshes, or 500ms; at least 100ms, at most an hour");
  }
  return *delay;
}

SamplingPlan live_plan_of(const TopOptions& options) {
  SamplingPlan plan = plan_of(options.record);
  if (plan.events.size() != 1) {
    throw Error(ExitCode::kUsage, "top shows one event at a time",
                "choose one: -e cpu, -e wall, -e offcpu, -e alloc or -e lock");
  }
  plan.lock_share = true;
  plan.threads = options.threads;
  return plan;
}

std::string mechanism_text(const RunQuality& run) {
  std::string text = fmt::format("{} by {}", event_name(run.event), mechanism_name(run.mechanism));
  if (run.requested_rate > 0) text += fmt::format(" at {:g} Hz", run.requested_rate);
  if (!run.exact) text += ", approximate";
  return text;
}

std::string target_text(const std::deque<Process>& processes, const RunQuality& run) {
  if (processes.size() != 1) return fmt::format("{} processes", processes.size());
  const Process& process = processes.front();
  return fmt::format("process {} ({}), {}", process.pid(), process.command(),
                     runtime_title(run.runtime, run.runtime_version));
}

// The live table of one recording, on the screen or printed. Called back by the recording's loop.
class LiveView {
 public:
  LiveView(const TopOptions& options, const SamplingPlan& plan, Recording& recording, StopOnSignal& signals,
           std::unique_ptr<Screen> screen)
      : options_(options),
        plan_(plan),
        report_(report_options_of(options.record, options.pids.size() > 1)),
        delay_(delay_of(options)),
        recording_(recording),
        signals_(signals),
        screen_(std::move(screen)),
        next_(monotonic_now() + delay_) {
    report_.processes = false;  // rows are of all processes together
    if (options.lines) view_.by = By::kLine;
    if (options.threads) view_.by = By::kThread;
    view_.event = plan.events.front();
    view_.reasons = view_.event == Event::kWall || view_.event == Event::kOffCpu;
    if (screen_) update();
    if (screen_) draw();
  }

  void refresh() {
    bool changed = screen_ && handle_keys();
    TimePoint now = monotonic_now();
    if (now >= next_ && !view_.paused) {
      update();
      next_ = std::max(next_ + delay_, now);
      ++refreshes_;
      changed = true;
      if (!screen_) print();
    }
    if (screen_ && changed) draw();
    if (options_.count != 0 && refreshes_ >= options_.count) signals_.request();
  }

  // The last table, for what ended before it was due.
  void finish() {
    bool complete = options_.count != 0 && refreshes_ >= options_.count;
    screen_.reset();
    if (!recording_.all_ended() || complete) return;
    update();
    print();
    fmt::print("the target has ended\n");
  }

 private:
  void update() {
    recording_.take_samples(plan_.events.front(),
                            [&](const Profile& profile, const std::vector<Sample>& samples) {
                              if (!live_)
                                live_.emplace(profile, plan_.events.front(), report_, profile.start);
                              live_->update(samples, profile.quality.runs, profile.start + profile.duration);
                              if (!profile.quality.runs.empty()) last_run_ = profile.quality.runs.front();
                            });
  }

  std::vector<std::string> head() const {
    TopTitle title;
    const std::deque<Process>& processes = recording_.processes();
    title.target = target_text(processes, last_run_);
    title.mechanism = mechanism_text(last_run_);
    title.processes = 0;
    for (const Process& process : processes) {
      if (!process.alive()) continue;
      ++title.processes;
      title.threads += process.threads().size();
    }
    std::vector<std::string> lines = top_head(title, live_->figures(), view_.paused);
    if (!last_run_.reason.empty()) {
      lines.push_back(fmt::format("{}: {}", mechanism_name(last_run_.mechanism), last_run_.reason));
    }
    return lines;
  }

  void print() const {
    for (const std::string& line : head()) fmt::print("{}\n", line);
    fmt::print("{}\n", top_column_names(view_, 0));
    std::vector<LiveRow> rows = live_->rows(view_.by, view_.sort);
    if (rows.empty()) fmt::print("{}\n", top_nothing(plan_.events.front(), plan_.gil_only));
    for (size_t i = 0; i < std::min(rows.size(), options_.rows); ++i)
      fmt::print("{}\n", top_row(view_, rows[i], 0));
    fmt::print("\n");
    std::fflush(stdout);
  }

  void draw() {
    using Style = Screen::Style;
    std::vector<Screen::Line> lines;
    for (std::string& line : head())
      lines.push_back({std::move(line), lines.empty() ? Style::kBold : Style::kPlain});
    lines.push_back({top_column_names(view_, screen_->columns()), Style::kReverse});
    std::vector<LiveRow> rows = live_->rows(view_.by, view_.sort);
    size_t room = screen_->rows() > lines.size() + 1 ? screen_->rows() - lines.size() - 1 : 0;
    page_ = std::max<size_t>(room, 1);
    view_.first_row = std::min(view_.first_row, rows.size() > room ? rows.size() - room : 0);
    for (size_t i = 0; i < room; ++i) {
      size_t at = view_.first_row + i;
      if (at >= rows.size()) {
        lines.push_back(
            {rows.empty() && i == 0 ? top_nothing(plan_.events.front(), plan_.gil_only) : "", Style::kDim});
      } else {
        bool idle = rows[at].total_share == 0;
        lines.push_back({top_row(view_, rows[at], screen_->columns()), idle ? Style::kDim : Style::kPlain});
      }
    }
    lines.push_back({kKeys, Style::kDim});
    screen_->draw(lines);
  }

  // Whether anything is to be drawn anew.
  bool handle_keys() {
    bool changed = false;
    while (auto press = screen_->next_key()) {
      changed = true;
      switch (press->key) {
        case Screen::Key::kUp:
          scroll(-1);
          break;
        case Screen::Key::kDown:
          scroll(1);
          break;
        case Screen::Key::kPageUp:
          scroll(-static_cast<ptrdiff_t>(page_));
          break;
        case Screen::Key::kPageDown:
          scroll(static_cast<ptrdiff_t>(page_));
          break;
        case Screen::Key::kHome:
          view_.first_row = 0;
          break;
        case Screen::Key::kCharacter:
          handle_character(press->character);
          break;
        case Screen::Key::kResized:
          break;
      }
    }
    return changed;
  }

  void scroll(ptrdiff_t rows) {
    auto first = static_cast<ptrdiff_t>(view_.first_row) + rows;
    view_.first_row = static_cast<size_t>(std::max<ptrdiff_t>(first, 0));
  }

  void handle_character(char character) {
    switch (character) {
      case 'q':
      case 'Q':
        signals_.request();
        break;
      case '1':
      case '2':
      case '3':
      case '4':
        view_.sort = static_cast<TopSort>(character - '1');
        break;
      case 'l':
      case 'L':
        view_.by = view_.by == By::kLine ? By::kDefinition : By::kLine;
        break;
      case 't':
      case 'T':
        view_.by = view_.by == By::kThread ? By::kDefinition : By::kThread;
        break;
      case ' ':
      case 'p':
      case 'P':
        view_.paused = !view_.paused;
        break;
      case 'k':
        scroll(-1);
        break;
      case 'j':
        scroll(1);
        break;
      default:
        break;
    }
  }

  const TopOptions& options_;
  const SamplingPlan& plan_;
  ReportOptions report_;
  Nanoseconds delay_;
  Recording& recording_;
  StopOnSignal& signals_;
  std::unique_ptr<Screen> screen_;
  TimePoint next_;
  TopView view_;
  std::optional<LiveTop> live_;
  RunQuality last_run_;
  uint64_t refreshes_ = 0;
  size_t page_ = 1;  // rows that the screen has room for
};

std::unique_ptr<Screen> open_screen(bool plain) {
  if (plain || ::isatty(STDOUT_FILENO) == 0) return nullptr;
  auto screen = Screen::open();
  if (!screen) {
    fmt::print(stderr, "rtprof: warning: this terminal is not known here (TERM), so tables are printed\n");
  }
  return screen;
}

int top(TopOptions& options) {
  std::sort(options.pids.begin(), options.pids.end());
  options.pids.erase(std::unique(options.pids.begin(), options.pids.end()), options.pids.end());
  SamplingPlan plan = live_plan_of(options);
  delay_of(options);
  StopOnSignal signals;
  Recording recording(plan, options.record.subprocesses, options.record.quiet);
  for (pid_t pid : options.pids) recording.add(pid);
  LiveView view(options, plan, recording, signals, open_screen(options.plain));
  recording.run(0, signals.stopped(), [&] { view.refresh(); });
  view.finish();
  if (recording.samples() == 0 && recording.all_ended()) {
    throw Error(ExitCode::kTargetEnded, "the target ended before the first sample",
                "start programs that end soon with rtprof run");
  }
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace

void add_top(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command = app.add_subcommand("top", "Show the hottest functions of running processes, live");
  command->add_option("-p,--pid", options->pids, "process to look at; may repeat")
      ->required()
      ->type_name("PID");
  add_sampling_options(*command, options->record);
  add_filter_options(*command, options->record);
  command->add_option("--delay", options->delay, "seconds between two refreshes; also 500ms")
      ->capture_default_str();
  command->add_option("--count", options->count, "stop after this many refreshes");
  command->add_flag("--plain", options->plain,
                    "print tables instead of drawing; also when output is no terminal");
  command->add_flag("--native", options->record.native, kNativeHelp);
  command->add_option("-n,--rows", options->rows, "rows of a printed table")->capture_default_str();
  command->add_flag("--lines", options->lines, "begin with lines instead of functions");
  command->add_flag("-t,--threads", options->threads, "begin with threads instead of functions");
  command->callback([options, &chosen] { chosen = [options] { return top(*options); }; });
}

}  // namespace rtprof::cli
