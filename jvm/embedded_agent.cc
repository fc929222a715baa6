#include "jvm/embedded_agent.h"

// RTPROF_JVM_AGENT: the path of the library that the build has made.
asm(".section .rodata\n"
    "rtprof_jvm_agent_begin:\n"
    ".incbin \"" RTPROF_JVM_AGENT
    "\"\n"
    "rtprof_jvm_agent_end:\n"
    ".previous\n");

extern "C" const uint8_t rtprof_jvm_agent_begin[];
extern "C" const uint8_t rtprof_jvm_agent_end[];

namespace rtprof::jvm {

std::span<const uint8_t> embedded_agent() {
  return {rtprof_jvm_agent_begin, rtprof_jvm_agent_end};
}

}  // namespace rtprof::jvm
