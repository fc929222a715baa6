#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id_index.h"
#include "common/process/memory.h"
#include "jvm/code_blobs.h"
#include "jvm/frames.h"
#include "jvm/layout.h"
#include "jvm/methods.h"
#include "jvm/scopes.h"

namespace rtprof::jvm {

// What frames of Java tell besides the names of their methods.
struct FrameDetail {
  bool lines = false;
  bool marks = false;       // whether it was interpreted, compiled or inlined
  bool signatures = false;  // of the methods
};

// The frames of one JVM by what runs there: an interpreted method, a place of compiled code, a piece of
// HotSpot. Lives on the thread that samples, but for name().
class JavaFrames {
 public:
  // Both outlive this.
  JavaFrames(const Memory& memory, const Layout& layout, const FrameDetail& detail);

  // As CodeBlobs::begin_batch().
  void begin_batch(bool readable, TimePoint now);

  // As Methods::find().
  const JavaMethod* method(Address address) { return methods_.find(address); }

  // The id of a frame. Nothing where a method cannot be told, and problem() says why.
  std::optional<uint32_t> interpreted(const JavaMethod& method, int32_t bci);
  // Of a native method, whatever has called it.
  std::optional<uint32_t> native_method(const JavaMethod& method);
  // The methods that run at a place of an nmethod. `is_return_address`: as of ScopeTables::at().
  std::optional<uint32_t> compiled(const CodeBlob& blob, Address pc, bool is_return_address);
  uint32_t machinery(const CodeBlob& blob);
  std::string_view problem() const { return problem_; }

  bool is_java(uint32_t id) const { return frames_.is_java(id); }
  // May run beside the others on another thread.
  void name(uint32_t id, Profile& profile, std::vector<FrameId>& leaf_first) {
    frames_.name(id, profile, leaf_first);
  }

 private:
  // A place of an nmethod.
  struct Place {
    uint32_t version = 0;       // of its blob
    uint64_t pc_and_whose = 0;  // twice the pc, plus one for a return address
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const {
      return mix_bits(mix_bits(place.pc_and_whose) ^ place.version);
    }
  };

  std::optional<uint32_t> frame_of(std::span<const Frames::Part> leaf_first);
  int32_t line_of(const JavaMethod& method, int32_t bci);

  const FrameDetail detail_;
  Methods methods_;
  ScopeTables scopes_;
  Frames frames_;
  std::unordered_map<Place, uint32_t, PlaceHash> compiled_;
  std::string_view problem_;
};

}  // namespace rtprof::jvm
