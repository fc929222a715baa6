#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/sampler/thread_namer.h"
#include "native/runtime_code.h"
#include "native/sample_program.h"

namespace rtprof::native {

// What the machine code of a process is, for sources of machine stacks.
struct CodeKind {
  std::string runtime = "native";  // as the registry calls it
  std::string version;
  std::shared_ptr<RuntimeCode> code;  // null: all code is in files
  uint32_t stack_bytes = 8192;        // of each stack, where the kernel copies them by perf events
  std::shared_ptr<RuntimeThreadNames> thread_names;  // null: the kernel's
  std::shared_ptr<SampleProgram> sample_program;     // null: none
};

}  // namespace rtprof::native
