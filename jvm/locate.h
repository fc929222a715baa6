#pragma once

#include <optional>
#include <string>

#include "common/process/process.h"
#include "common/sampler/runtime.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// What looking for a JVM in a process came to.
struct JvmSearch {
  enum class Outcome {
    kFound,
    kNotJvm,        // no JVM is mapped
    kUnsupported,   // a JVM that this program cannot read
    kStarting,      // it has no code cache yet
    kNotPermitted,  // maps or memory of the process are closed to us
  };
  Outcome outcome = Outcome::kNotJvm;
  std::string version;           // as far as known
  std::string vendor;            // the same: of the JDK
  std::string program;           // the same: main class or jar
  std::string problem;           // a phrase, when not kFound
  std::string hint;              // the way out, when there is one
  std::optional<Layout> layout;  // when kFound

  bool found() const { return outcome == Outcome::kFound; }
};

// Looks for HotSpot among the files that a process maps. Reads only; nothing is stopped.
JvmSearch find_jvm(const Process& process);

// What find_jvm() has found, or an Error for a person. A JVM that is still starting is waited for up to
// `patience`.
JvmSearch require_jvm(const Process& process, Nanoseconds patience);

// The registry's question. What cannot be profiled is a Detection with `unsupported`.
std::optional<Detection> detect_jvm(const Process& process);

}  // namespace rtprof::jvm
