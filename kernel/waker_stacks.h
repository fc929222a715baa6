#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/sampler/recorder.h"

namespace rtprof::kernel {

// Who ended a wait, as frames on top of the wait's own stack in offwaketime's order: "--", the waker's frames
// in the kernel, those in user space, each leaf first so that what called is above what was called, and its
// command. An interrupt that did it has broken into some thread by chance: its own frames, and "[interrupt]".
// Where the kernel hides its names the two cannot be told apart, and neither is named: "[unknown: kernel
// symbols hidden]".
//
// Interned on the sampling thread, named on the recorder's.
class WakerStacks final : public StackNamer {
 public:
  // `kernel_frames`: the waker's frames in the kernel are shown.
  WakerStacks(const Recorder& recorder, bool kernel_frames)
      : recorder_(recorder), kernel_frames_(kernel_frames) {}

  uint32_t intern(std::optional<RawStack> kernel, std::optional<RawStack> user, const std::string& command);

  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  using Part = std::pair<uint32_t, uint32_t>;  // namer and id
  struct Waker {
    std::optional<Part> kernel;
    std::optional<Part> user;
    std::string command;
    bool operator<(const Waker& other) const {
      return std::tie(kernel, user, command) < std::tie(other.kernel, other.user, other.command);
    }
  };

  void append(const std::optional<Part>& part, Profile& profile, std::vector<FrameId>& frames) const;

  const Recorder& recorder_;
  const bool kernel_frames_;
  std::map<Waker, uint32_t> ids_;
  std::vector<Waker> wakers_;
  std::mutex mutex_;  // of wakers_, which the sampling thread alone changes
};

}  // namespace rtprof::kernel
