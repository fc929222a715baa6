#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/sampler/recorder.h"

namespace rtprof {

// Types of objects as leaf frames: stacks of one frame, to be a sample's callees, or of two where something
// is said of the objects. One thread samples, and calls id(); name() may run beside it on another.
class TypeNamer final : public StackNamer {
 public:
  static constexpr size_t kMostTypes = 1 << 17;
  static constexpr std::string_view kOthers = "[other types]";

  // `shown` makes what is shown of a type's name in the runtime.
  explicit TypeNamer(std::function<std::string(std::string_view)> shown) : shown_(std::move(shown)) {}

  // Types after kMostTypes are all one: kOthers. `note`, if any, is what the last frame says.
  uint32_t id(std::string_view type, std::string_view note = {});
  // Of an id without a note; valid for as long as this.
  std::string_view type(uint32_t id) const {
    return std::string_view(types_[id]).substr(0, types_[id].size() - 1);
  }
  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  const std::function<std::string(std::string_view)> shown_;
  std::mutex mutex_;
  std::deque<std::string> types_;  // each with its note, after a zero
  std::unordered_map<std::string_view, uint32_t> ids_;
  std::string key_;
};

}  // namespace rtprof
