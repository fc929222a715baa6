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

// Types of objects as leaf frames: stacks of one frame, to be a sample's callees. One thread samples, and
// calls id(); name() may run beside it on another.
class TypeNamer final : public StackNamer {
 public:
  static constexpr size_t kMostTypes = 1 << 17;
  static constexpr std::string_view kOthers = "[other types]";

  // `shown` makes what is shown of a type's name in the runtime.
  explicit TypeNamer(std::function<std::string(std::string_view)> shown) : shown_(std::move(shown)) {}

  // Types after kMostTypes are all one: kOthers.
  uint32_t id(std::string_view type);
  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  const std::function<std::string(std::string_view)> shown_;
  std::mutex mutex_;
  std::deque<std::string> types_;
  std::unordered_map<std::string_view, uint32_t> ids_;
};

}  // namespace rtprof
