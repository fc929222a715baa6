#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/sampler/recorder.h"
#include "kernel/kernel_symbols.h"
#include "kernel/wait_reason.h"

namespace rtprof::kernel {

// The stacks in the kernel of waits: each is named and classified once. Without the scheduler's own
// functions. Taken on the sampling thread, named on the recorder's.
class KernelStacks final : public StackNamer {
 public:
  // `read_symbols` is called for the first stack, if not by prepare().
  explicit KernelStacks(std::function<KernelSymbols()> read_symbols)
      : read_symbols_(std::move(read_symbols)) {}

  // Reads the symbols, which takes some 50 ms in which nothing else is looked at.
  void prepare();

  // `hash` is the name of the stack, and what find() is asked for. The addresses are what calls return to.
  void add(uint64_t hash, std::span<const uint64_t> leaf_first);
  // The id of a stack, for RawStack; nothing when it was never sent.
  std::optional<uint32_t> find(uint64_t hash) const;
  // What its functions say of a wait in it; nothing when they say nothing.
  std::optional<Waits> waits(uint32_t id) const { return stacks_[id].waits; }

  // Whether stacks were added, of which no function could be named.
  bool nameless() const { return symbols_ && symbols_->size() == 0; }

  void name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) override;

 private:
  struct Stack {
    std::vector<KernelSymbols::Found> leaf_first;  // empty names where there are none
    std::optional<Waits> waits;
  };

  std::function<KernelSymbols()> read_symbols_;
  std::optional<KernelSymbols> symbols_;
  std::unordered_map<uint64_t, uint32_t> ids_;  // by hash
  std::vector<Stack> stacks_;
  std::mutex mutex_;  // of stacks_, which the sampling thread alone changes
};

}  // namespace rtprof::kernel
