#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/profile/event.h"

namespace rtprof {

// What a profile can be written as.
enum class Format : uint8_t { kHtml, kSvg, kCollapsed, kPprof, kSpeedscope, kText };

// The word of -f: "html", "svg", "collapsed", "pprof", "speedscope", "text".
std::string_view format_name(Format format);
std::optional<Format> format_from_name(std::string_view name);

// By the ending of a file's name: .html .svg .collapsed .folded .pb.gz .speedscope.json .txt
std::optional<Format> format_from_path(std::string_view path);

// The ending that a file of this format gets when rtprof names it, with its dot.
std::string_view format_ending(Format format);

// Whether one file can hold several events.
bool holds_several_events(Format format);

// NAME.EVENT.EXT and NAME.PID.EXT for NAME.EXT, where EXT is a known ending or else what follows the last
// dot.
std::string path_for_event(std::string_view path, Event event);
std::string path_for_process(std::string_view path, int32_t pid);

}  // namespace rtprof
