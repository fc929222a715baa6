#pragma once

#include <string>
#include <vector>

#include "common/base/sink.h"
#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// The flame graph page: one file that needs no network, with the profile as JSON inside it. It holds samples
// by thread, reason and stack; the page builds its tree of calls from them, so that its switches need no
// second recording.
void write_html(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                const ReportOptions& options);

// Writes the JSON alone; docs in viewer/profile.js, which reads it.
void write_page_data(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                     const ReportOptions& options);

// "gunicorn (pid 4711): cpu": the title when none is asked for.
std::string default_title(const Profile& profile, const std::vector<const Series*>& events,
                          const ReportOptions& options);

}  // namespace rtprof
