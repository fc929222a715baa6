#include "python/coroutines.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "python/remote_walker.h"

namespace rtprof {
namespace {

using State = CoroutineChain::State;

constexpr size_t kMostLinks = 1000;
constexpr int kMostWrappers = 8;
constexpr uint64_t kTagBits = 3;  // of values on the stack of a frame: see LocalsLayout::tagged

// What stands between a coroutine and the one that it awaits: each begins with a pointer to that one
// (Objects/genobject.c), and the future's iterator with one to the future (Modules/_asynciomodule.c).
constexpr std::array<std::string_view, 5> kWrappers = {"coroutine_wrapper", "async_generator_asend",
                                                       "async_generator_athrow", "anext_awaitable",
                                                       "_asyncio.FutureIter"};
constexpr std::array<std::string_view, 3> kCoroutines = {"coroutine", "generator", "async_generator"};

bool is_one_of(const auto& names, const TypeInfo* type) {
  return type != nullptr && std::find(names.begin(), names.end(), type->name) != names.end();
}

class Follower {
 public:
  explicit Follower(Containers& containers) : containers_(containers), layout_(containers.layout()) {}

  std::optional<CoroutineChain> follow(Address object) {
    while (chain_.links.size() < kMostLinks && is_one_of(kCoroutines, containers_.type_of(object))) {
      auto frame = frame_of(object);
      if (!frame) break;
      object = step(object, *frame);
      if (object == 0) break;
      for (int i = 0; i < kMostWrappers && is_one_of(kWrappers, containers_.type_of(object)); ++i)
        object = memory().pointer(object + layout_.container.object_size).value_or(0);
    }
    if (chain_.links.empty() && !ended_) return std::nullopt;
    chain_.awaited = object;
    return std::move(chain_);
  }

 private:
  const Memory& memory() const { return containers_.memory(); }

  // Nothing when it has ended or is not readable.
  std::optional<Address> frame_of(Address object) {
    const GeneratorLayout& layout = layout_.generator;
    if (layout.frame_is_pointer) {
      auto frame = memory().pointer(object + layout.frame);
      ended_ = frame == Address{0};
      return frame && *frame != 0 ? frame : std::nullopt;
    }
    auto state = memory().get<int8_t>(object + layout.state);
    if (!state) return std::nullopt;
    ended_ = *state > layout.executing;
    return ended_ ? std::nullopt : std::optional(object + layout.frame);
  }

  // Adds the frame to the chain; what it awaits, 0 for nothing.
  Address step(Address object, Address frame) {
    std::array<uint8_t, RT_PY_FRAME_BYTES> bytes{};
    if (!memory().read(frame, bytes.data(), layout_.walk.frame_size)) return 0;
    chain_.links.push_back({frame, code_and_ip_of(layout_.walk, bytes.data())});
    chain_.state = state_of(object, frame);
    return chain_.state == State::kSuspended ? awaited_by(frame) : 0;
  }

  State state_of(Address object, Address frame) const {
    const GeneratorLayout& layout = layout_.generator;
    if (!layout.frame_is_pointer) {
      auto state = memory().get<int8_t>(object + layout.state).value_or(layout.executing);
      if (state == layout.executing) return State::kExecuting;
      return state == layout.created ? State::kCreated : State::kSuspended;
    }
    bool executing = layout.stack_pointer != kNoOffset
                         ? memory().pointer(frame + layout.stack_pointer).value_or(0) == 0
                         : memory().get<int32_t>(frame + layout.stack_depth).value_or(-1) < 0;
    if (executing) return State::kExecuting;
    constexpr int32_t kNotBegun = -1;
    bool created = memory().get<int32_t>(frame + layout_.walk.frame_ip) == kNotBegun;
    return created ? State::kCreated : State::kSuspended;
  }

  // Of a suspended frame: what it awaits, where it awaits anything.
  Address awaited_by(Address frame) const {
    const GeneratorLayout& layout = layout_.generator;
    Address base = frame + layout_.frame_locals;
    if (layout.stack_base != kNoOffset) base = memory().pointer(frame + layout.stack_base).value_or(0);
    Address top = 0;
    if (layout.stack_pointer != kNoOffset) {
      top = memory().pointer(frame + layout.stack_pointer).value_or(0);
    } else {
      auto depth = memory().get<int32_t>(frame + layout.stack_depth).value_or(0);
      top = base + static_cast<Address>(std::max(depth, 0)) * sizeof(Address);
    }
    // Below the stack are the locals, where it has no base of its own.
    if (layout.stack_base == kNoOffset) {
      std::array<uint8_t, RT_PY_FRAME_BYTES> bytes{};
      if (!memory().read(frame, bytes.data(), layout_.walk.frame_size)) return 0;
      Address code = code_and_ip_of(layout_.walk, bytes.data()).code;
      auto slots = memory().get<int32_t>(code + layout_.locals.code_slot_count).value_or(0);
      base += static_cast<Address>(std::max(slots, 0)) * sizeof(Address);
    }
    Address awaited = top - layout.awaited_from_top * sizeof(Address);
    if (top <= base || awaited < base) return 0;
    auto value = memory().pointer(awaited);
    if (!value) return 0;
    return layout_.locals.tagged ? *value & ~kTagBits : *value;
  }

  Containers& containers_;
  const PythonLayout& layout_;
  CoroutineChain chain_;
  bool ended_ = false;
};

}  // namespace

std::optional<CoroutineChain> coroutine_chain(Containers& containers, Address coroutine) {
  return Follower(containers).follow(coroutine);
}

}  // namespace rtprof
