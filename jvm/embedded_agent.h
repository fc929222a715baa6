#pragma once

#include <cstdint>
#include <span>

namespace rtprof::jvm {

// The agent's library (agents/jvm), as it is written into a target's file system.
std::span<const uint8_t> embedded_agent();

}  // namespace rtprof::jvm
