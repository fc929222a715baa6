#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/sampler/recorder.h"
#include "native/runtime_code.h"

namespace rtprof::native {

// Shows threads that a language's runtime lets others carry as threads of their own: by negative ids, which
// no thread of the machine has. Lives on one thread.
//
// A source asks for the owner of a thread's time when it records it, which may be after other stacks of that
// thread were taken. So owners are kept by the thread and its stack: that of a carrier which idles is nobody
// else's.
class CarriedThreads {
 public:
  // `recorder` outlives this.
  CarriedThreads(pid_t pid, Recorder& recorder) : pid_(pid), recorder_(recorder) {}

  // Of a stack of `tid` that was taken; `carried`: whose it is where it is not the thread's own.
  void met(pid_t tid, uint64_t stack, const CarriedThread* carried);
  // Whose time it is that a thread spends with a stack: `tid`, or the negative of an id of the language's.
  pid_t owner(pid_t tid, uint64_t stack) const;

 private:
  struct Place {
    pid_t tid = 0;
    uint64_t stack = 0;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const;
  };

  const pid_t pid_;
  Recorder& recorder_;
  std::unordered_map<uint64_t, std::string> names_;  // by id
  std::unordered_map<Place, pid_t, PlaceHash> owners_;
};

}  // namespace rtprof::native
