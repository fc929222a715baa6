#pragma once

#include <optional>

#include "common/process/access.h"
#include "common/process/process.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// All of this reads only; nothing is asked of the JVM. `layout`: null where the JVM's memory is closed; then
// its command line and its environment are looked at.

// Why a JVM's attach listener is not for us.
std::optional<Denial> reach_denial(const Process& process);

// Why nobody may talk to a JVM's attach listener; nothing where one may.
std::optional<Denial> listener_denial(const Process& process, const Layout* layout);

// Why a JVM would not load an agent; nothing where it would.
std::optional<Denial> attach_denial(const Process& process, const Layout* layout);

}  // namespace rtprof::jvm
