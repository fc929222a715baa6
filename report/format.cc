#include "report/format.h"

#include <fmt/format.h>

#include <array>

namespace rtprof {
namespace {

struct Ending {
  std::string_view text;
  Format format;
};

// The first of a format is the one that rtprof chooses.
constexpr std::array<Ending, 7> kEndings{{{".html", Format::kHtml},
                                          {".svg", Format::kSvg},
                                          {".collapsed", Format::kCollapsed},
                                          {".folded", Format::kCollapsed},
                                          {".pb.gz", Format::kPprof},
                                          {".speedscope.json", Format::kSpeedscope},
                                          {".txt", Format::kText}}};

constexpr std::array<std::string_view, 6> kNames{"html", "svg", "collapsed", "pprof", "speedscope", "text"};

const Ending* ending_of(std::string_view path) {
  for (const Ending& ending : kEndings) {
    if (path.size() > ending.text.size() && path.ends_with(ending.text)) return &ending;
  }
  return nullptr;
}

std::string insert_before_ending(std::string_view path, std::string_view part) {
  size_t name = path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1;
  size_t split = path.size();
  if (const Ending* ending = ending_of(path)) {
    split = path.size() - ending->text.size();
  } else if (size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > name) {
    split = dot;
  }
  return fmt::format("{}.{}{}", path.substr(0, split), part, path.substr(split));
}

}  // namespace

std::string_view format_name(Format format) {
  return kNames[static_cast<size_t>(format)];
}

std::optional<Format> format_from_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Format>(i);
  }
  return std::nullopt;
}

std::optional<Format> format_from_path(std::string_view path) {
  const Ending* ending = ending_of(path);
  return ending ? std::optional(ending->format) : std::nullopt;
}

std::string_view format_ending(Format format) {
  for (const Ending& ending : kEndings) {
    if (ending.format == format) return ending.text;
  }
  return {};
}

bool holds_several_events(Format format) {
  return format == Format::kHtml || format == Format::kPprof || format == Format::kSpeedscope;
}

std::string path_for_event(std::string_view path, Event event) {
  return insert_before_ending(path, event_name(event));
}

std::string path_for_process(std::string_view path, int32_t pid) {
  return insert_before_ending(path, fmt::to_string(pid));
}

}  // namespace rtprof
