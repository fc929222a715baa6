// Writes profiles made up for looking at and testing reports: sample_pages KIND FILE
//   service  a Python web service, four workers, cpu and wall
//   hostile  names that would break a page that took them for markup
//   big      a million different call paths
//   empty    an event without a sample
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "report/report.h"

namespace rtprof {
namespace {

struct Maker {
  Profile profile;
  std::mt19937 random{7};

  FrameId python(std::string_view function, std::string_view path, std::string_view file, int line) {
    Frame frame;
    frame.kind = FrameKind::kPython;
    frame.function = profile.intern(function);
    frame.file = profile.intern(std::string(path) + std::string(file));
    frame.short_file = profile.intern(file);
    frame.line = line;
    return profile.intern(frame);
  }

  FrameId other(FrameKind kind, std::string_view function) {
    Frame frame;
    frame.kind = kind;
    frame.function = profile.intern(function);
    return profile.intern(frame);
  }

  void add(Event event, int pid, int tid, StackId stack, Reason reason, Nanoseconds weight, uint64_t count) {
    Sample sample;
    sample.thread = profile.thread_index(pid, tid);
    sample.stack = stack;
    sample.reason = reason;
    sample.weight = weight;
    sample.count = count;
    sample.start = clock_[sample.thread];
    sample.duration = weight;
    clock_[sample.thread] += weight;
    profile.series(event).add(sample);
  }

  int upto(int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); }

 private:
  std::unordered_map<uint32_t, TimePoint> clock_;
};

RunQuality quality(int pid, Event event) {
  RunQuality run;
  run.pid = pid;
  run.runtime = "python";
  run.runtime_version = "3.13.5";
  run.event = event;
  run.mechanism = Mechanism::kKernel;
  run.requested_rate = 99;
  run.asked = 11'880;
  run.samples = 11'874;
  run.lost = 6;
  run.unknown_frames = 14;
  run.threads = 6;
  return run;
}

constexpr Nanoseconds kPeriod = kSecond / 99;

StackId worker_base(Maker& maker) {
  const std::string site = "/srv/shop/venv/lib/python3.13/site-packages/";
  std::vector<FrameId> frames{
      maker.python("<module>", "/srv/shop/venv/bin/", "gunicorn", 8),
      maker.python("run", site, "gunicorn/app/wsgiapp.py", 66),
      maker.python("WSGIApplication.run", site, "gunicorn/app/base.py", 235),
      maker.python("Arbiter.run", site, "gunicorn/arbiter.py", 202),
      maker.python("Arbiter.manage_workers", site, "gunicorn/arbiter.py", 571),
      maker.python("Arbiter.spawn_workers", site, "gunicorn/arbiter.py", 641),
      maker.python("Worker.init_process", site, "gunicorn/workers/base.py", 142),
      maker.python("SyncWorker.run", site, "gunicorn/workers/sync.py", 126),
  };
  return maker.profile.push(0, frames);
}

struct Step {
  const char* function;
  const char* file;
  int lines;
};

void service(Maker& maker) {
  const std::string site = "/srv/shop/venv/lib/python3.13/site-packages/";
  const std::vector<std::vector<Step>> endings{
      {{"Catalogue.search", "shop/catalogue.py", 9},
       {"Ranker.score", "shop/ranking.py", 6},
       {"tokenize", "shop/text.py", 4},
       {"normalize", "shop/text.py", 3}},
      {{"Catalogue.search", "shop/catalogue.py", 9}, {"Query.fetch_all", "shop/database.py", 5}},
      {{"Cart.total", "shop/cart.py", 4}, {"Decimal.quantize", "shop/money.py", 2}},
      {{"render_page", "jinja2/environment.py", 5},
       {"Template.root_render_func", "jinja2/environment.py", 12},
       {"escape", "markupsafe/__init__.py", 3}},
      {{"JSONEncoder.encode", "json/encoder.py", 4}, {"JSONEncoder.iterencode", "json/encoder.py", 7}},
      {{"Session.load", "shop/session.py", 3}, {"loads", "pickle.py", 3}},
      {{"Logger._log", "logging/__init__.py", 3},
       {"Handler.handle", "logging/__init__.py", 2},
       {"Formatter.formatTime", "logging/__init__.py", 3}},
  };
  const std::vector<int> share{34, 14, 6, 22, 12, 8, 4};
  std::discrete_distribution<int> choose(share.begin(), share.end());
  maker.profile.processes = {{4711, "gunicorn: worker [shop]"},
                             {4712, "gunicorn: worker [shop]"},
                             {4713, "gunicorn: worker [shop]"},
                             {4714, "gunicorn: worker [shop]"}};
  StackId base = worker_base(maker);
  StackId handle = maker.profile.push(
      base, maker.python("SyncWorker.handle_request", site, "gunicorn/workers/sync.py", 179));
  handle = maker.profile.push(handle, maker.python("Flask.__call__", site, "flask/app.py", 1536));
  handle = maker.profile.push(handle, maker.python("Flask.wsgi_app", site, "flask/app.py", 1511));
  StackId wait =
      maker.profile.push(base, maker.python("SyncWorker.wait", site, "gunicorn/workers/sync.py", 38));
  StackId flush = maker.profile.push(
      maker.profile.push(0, maker.python("Thread._bootstrap", "/usr/lib/python3.13/", "threading.py", 1014)),
      maker.python("Metrics.flush_loop", "/srv/shop/", "shop/metrics.py", 57));
  StackId unread = maker.profile.push(0, maker.profile.unknown_frame("evicted page"));
  for (int i = 0; i < 12'000; ++i) {
    int pid = 4711 + maker.upto(4);
    StackId stack = handle;
    size_t number = static_cast<size_t>(choose(maker.random));
    for (const Step& step : endings[number]) {
      int line = 40 + static_cast<int>(number) * 31 + maker.upto(step.lines) * maker.upto(3);
      stack = maker.profile.push(stack, maker.python(step.function, site, step.file, line));
      if (maker.upto(6) == 0) break;
    }
    if (number == 4 && maker.upto(2) == 0) {
      stack = maker.profile.push(stack, maker.other(FrameKind::kNative, "c_make_encoder"));
    }
    if (number == 1 && maker.upto(3) != 0) {
      stack = maker.profile.push(stack, maker.other(FrameKind::kNative, "PQexecParams"));
      stack = maker.profile.push(stack, maker.other(FrameKind::kKernel, "do_syscall_64"));
      stack = maker.profile.push(stack, maker.other(FrameKind::kKernel, "tcp_sendmsg"));
    }
    if (maker.upto(800) == 0) stack = unread;
    maker.add(Event::kCpu, pid, pid, stack, Reason::kNone, kPeriod, 1);
    maker.add(Event::kWall, pid, pid, stack, maker.upto(9) == 0 ? Reason::kRunnable : Reason::kRunning,
              kPeriod, 1);
    maker.add(Event::kWall, pid, pid, wait, Reason::kOther, kPeriod / 3, 1);
    if (maker.upto(3) == 0) maker.add(Event::kWall, pid, pid + 100, flush, Reason::kOther, 3 * kPeriod, 1);
  }
  for (int pid = 4711; pid < 4715; ++pid) {
    maker.profile.set_thread_name(pid, pid, "MainThread");
    maker.profile.set_thread_name(pid, pid + 100, "metrics");
    maker.profile.quality.runs.push_back(quality(pid, Event::kCpu));
    maker.profile.quality.runs.push_back(quality(pid, Event::kWall));
  }
}

void hostile(Maker& maker) {
  const std::vector<std::string> names{
      "</script><img src=x onerror=\"document.title='broken'\">",
      "<script>document.documentElement.dataset.broken='1'</script>",
      "<!--<script>",
      "]]><svg onload=document.title='broken'>",
      "line\xe2\x80\xa8separator\xe2\x80\xa9",
      "lone\xed\xa0\x80surrogate",
      "latin\xe9",
      "cut\xf0\x9f\x98",
      "quote\"back\\slash'",
      "__proto__",
      "constructor",
      "newline\nsemicolon;tab\tnul" + std::string(1, '\0'),
      "${alert(1)} `{{x}}` @DATA@ @TITLE@",
      "函数名😀",
      std::string(5000, 'x'),
  };
  maker.profile.processes = {{7, names[0]}};
  maker.profile.set_thread_name(7, 7, names[1]);
  StackId stack = 0;
  for (const std::string& name : names) {
    stack = maker.profile.push(stack, maker.python(name, "/" + name + "/", name, 3));
    maker.add(Event::kCpu, 7, 7, stack, Reason::kNone, kPeriod, 1);
  }
  maker.profile.quality.runs.push_back(quality(7, Event::kCpu));
  maker.profile.quality.runs.back().reason = names[0];
  maker.profile.quality.runs.back().runtime = names[1];
}

void big(Maker& maker) {
  maker.profile.processes = {{9, "simulation"}};
  std::vector<FrameId> frames;
  for (int i = 0; i < 4000; ++i) {
    frames.push_back(maker.python(fmt::format("Module{}.function_{}", i / 40, i), "/opt/sim/",
                                  fmt::format("sim/module{}.py", i / 40), i));
  }
  while (maker.profile.stack_count() < 1'000'000) {
    StackId stack = 0;
    size_t at = maker.random() % 3;
    for (int depth = 0; depth < 48; ++depth) {
      stack = maker.profile.push(stack, frames[at]);
      at = (at * 5 + 1 + maker.random() % (depth < 12 ? 2 : 4)) % frames.size();
    }
    maker.add(Event::kCpu, 9, 9, stack, Reason::kNone, kPeriod, 1);
  }
  maker.profile.quality.runs.push_back(quality(9, Event::kCpu));
}

bool fill(Maker& maker, std::string_view kind) {
  maker.profile.start_unix_ns = 1'790'000'000 * kSecond;
  maker.profile.duration = 30 * kSecond;
  maker.profile.rate = 99;
  maker.profile.series(Event::kCpu);
  if (kind == "service") service(maker);
  if (kind == "hostile") hostile(maker);
  if (kind == "big") big(maker);
  return kind == "service" || kind == "hostile" || kind == "big" || kind == "empty";
}

}  // namespace
}  // namespace rtprof

int main(int argc, char** argv) {
  rtprof::Maker maker;
  if (argc != 3 || !rtprof::fill(maker, argv[1])) {
    std::fputs("usage: sample_pages service|hostile|big|empty FILE\n", stderr);
    return 2;
  }
  auto format = rtprof::format_from_path(argv[2]);
  if (!format) return 2;
  rtprof::ReportOptions options;
  if (!rtprof::holds_several_events(*format)) options.event = rtprof::Event::kCpu;
  auto written = rtprof::write_file_atomically(
      argv[2], [&](rtprof::Sink& out) { return rtprof::render(maker.profile, *format, options, out); });
  if (!written) std::fputs((written.failure().message + "\n").c_str(), stderr);
  return written.ok() ? 0 : 1;
}
