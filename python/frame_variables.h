#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/process/page_cache.h"
#include "common/profile/thread_dump.h"
#include "python/containers.h"
#include "python/locate.h"
#include "python/remote_walker.h"
#include "python/repr.h"

namespace rtprof {

// Reads the arguments and local variables of frames, cells and free variables included. Variables without a
// value are left out. In two steps, since a thread may be held meanwhile: take() copies what the frames hold
// and turns it into texts; names are read when asked for, since code objects do not change.
class FrameVariables {
 public:
  // More values of one thread than this are not read, nor any that take longer than a thread should be held:
  // those of the frames nearest the root are left out.
  static constexpr size_t kMostValues = 1000;

  FrameVariables(const Memory& memory, const PythonProcess& python);

  // The values of the frames of one thread as they are now. `walk` is of that thread.
  void take(const RemoteWalker::Walk& walk);
  void forget() { frames_.clear(); }

  // The variables of each frame that was taken, leaf first, without those that PythonStacks::intern() leaves
  // out. Whether some were not taken is `cut`.
  std::vector<std::vector<DumpedVariable>> named();
  bool cut() const { return cut_; }

 private:
  struct Slot {
    size_t index = 0;
    std::string value;
  };
  struct Frame {
    Address code = 0;
    std::vector<Slot> slots;
  };
  // What the slots of a code object's frames are called.
  struct Names {
    std::vector<std::string> names;
    size_t arguments = 0;  // the first ones
    std::string kinds;     // a byte for each; 3.11+
    bool of_init_shim = false;
  };

  // How many slots the frames of a code object have, and which of them are cells before 3.11: those from
  // `cells` on.
  struct Slots {
    size_t count = 0;
    size_t cells = 0;
  };
  std::optional<Slots> slots_of(Address code);
  Frame take_frame(Address frame, Address code, size_t most);
  std::optional<std::string> value_of(uint64_t slot, Address code, size_t index, const Slots& slots);
  std::string kinds_of(Address code);
  Names names_of(Address code);
  void append_names(Address tuple, std::vector<std::string>& names);
  size_t length_of_tuple(Address code, uint16_t offset) const;

  const PythonLayout layout_;
  const Address none_;
  PageCache cache_;
  Containers containers_;
  Repr repr_;
  std::vector<Frame> frames_;
  TimePoint deadline_ = 0;
  bool cut_ = false;
};

}  // namespace rtprof
