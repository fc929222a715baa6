#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/process/process.h"

namespace rtprof::jvm {

// What HotSpot's attach listener answered: the status in its first line, and the rest.
struct AttachReply {
  int status = 0;
  std::string text;
};

// Says one command to the attach listener, as jcmd does (sun.tools.attach.VirtualMachineImpl): its socket is
// /tmp/.java_pidN in the target's own namespaces. A JVM that has none yet is asked for one: by a file, and by
// SIGQUIT, only where listener_denial() (jvm/attach_denial.h) says that it would listen.
//
// `words`: the command and up to three arguments. Fails where nobody answers in time.
Result<AttachReply> say_to_attach_listener(const Process& process, const std::vector<std::string>& words,
                                           Nanoseconds patience);

// Of all that was answered.
AttachReply parse_attach_reply(std::string_view text);

}  // namespace rtprof::jvm
