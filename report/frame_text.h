#pragma once

#include <string>
#include <string_view>

#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// The text of a frame as every output shows it, clean_frame_text()ed:
//   Python  qualname (short/path.py:LINE)     native  function, or [module] when it has no symbol
//   JVM     java/util/HashMap.get[:LINE]      kernel  name_[k]
//   Go      main.work[:LINE]                  type    java.util.HashMap$Node_[i]
// How a JVM ran a function stands behind it where that is recorded: _[0] interpreted, _[1] C1, _[j] C2,
// _[i] inlined.
std::string frame_text(const Profile& profile, const Frame& frame, const ReportOptions& options);

// The function alone, or [module] when a native frame has no symbol, without any mark of its kind, but with
// that of how it was run; clean_text()ed.
std::string function_name(const Profile& profile, const Frame& frame);

// The file as options show it, short or whole; empty when there is none.
std::string_view file_name(const Profile& profile, const Frame& frame, const ReportOptions& options);

// Where a frame is, beside function_name(): "file.py:LINE", the file alone when the line is not known, the
// binary where there is no file; empty for what has no place. clean_text()ed.
std::string place_text(const Profile& profile, const Frame& frame, const ReportOptions& options);

// "process PID: COMMAND"; without the colon when the command is not known.
std::string process_text(const Profile& profile, int32_t pid);

// "NAME tid=N"; of a virtual thread "NAME vid=N"
std::string thread_text(const ProfiledThread& thread);

}  // namespace rtprof
