#pragma once

#include <optional>
#include <string>

#include "common/process/process.h"
#include "common/sampler/runtime.h"
#include "python/layout.h"

namespace rtprof {

// A CPython interpreter found in a process: its layout, with the addresses in `layout.walk` filled in.
struct PythonProcess {
  PythonLayout layout;
  Address code_type = 0;  // PyCode_Type; 0 when not found (then `layout.walk.code_type` is 0, too)
  Address none = 0;       // _Py_NoneStruct; 0 when not found
  std::string module;     // the file that holds the interpreter, as the target names it
};

// What looking for an interpreter came to.
struct PythonSearch {
  enum class Outcome {
    kFound,
    kNotPython,     // no mapped file holds an interpreter
    kUnsupported,   // an interpreter that this program cannot read
    kNotRunning,    // it is still starting, or has begun to shut down
    kNotPermitted,  // maps or memory of the process are closed to us
  };
  Outcome outcome = Outcome::kNotPython;
  std::string version;                   // as far as known; empty otherwise
  std::string problem;                   // a phrase, when not kFound
  std::string hint;                      // the way out, when there is one
  std::optional<PythonProcess> process;  // when kFound

  bool found() const { return outcome == Outcome::kFound; }
};

// Looks for CPython in every file that the process maps: an interpreter, libpython, or a host program that
// embeds one. Stripped, deleted and in another mount namespace are all the same. Where several copies of the
// runtime are mapped, the one with a live interpreter counts. Reads only; nothing is stopped.
PythonSearch find_python(const Process& process);

// find_python() or an Error for a person. An interpreter that is still starting is waited for up to
// `patience`.
PythonProcess require_python(const Process& process, Nanoseconds patience = 2'000'000'000);

// The registry's question. What cannot be profiled now is a Detection with `unsupported`. Files that were
// seen to hold no interpreter are remembered, so that asking about many processes is cheap.
std::optional<Detection> detect_python(const Process& process);

}  // namespace rtprof
