#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/process/memory.h"
#include "jvm/code_heaps.h"
#include "jvm/compiled_frame.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

enum class BlobKind : uint8_t {
  kCompiled,     // an nmethod: a Java method, or the wrapper of a native one
  kInterpreter,  // the template interpreter
  kStub,         // a piece of the runtime with a frame of known size: allocation, exceptions, deoptimisation
  kBuffer,       // pieces of code without frames of known size: adapters, vtable stubs, StubRoutines
};

// A blob of the code cache as it was when it was read.
struct CodeBlob {
  uint32_t version = 0;  // tells it from all other blobs that were ever read
  BlobKind kind = BlobKind::kBuffer;
  Address start = 0;
  Address end = 0;
  Address code_begin = 0;
  Address code_end = 0;
  std::string name;          // HotSpot's own
  uint32_t frame_bytes = 0;  // with the return address; 0: none
  uint32_t frame_complete =
      0;  // from code_begin: offsets below this run without a frame, or with half of one

  // Of an nmethod.
  Address method = 0;
  int32_t compile_id = 0;
  int32_t level = 0;  // 1 to 3: C1, 4: C2; 0: a native wrapper
  Address deopt = 0;  // what the return address of a frame is replaced by that is to be deoptimised
  Address deopt_mh = 0;
  uint32_t orig_pc_offset = 0;  // from the stack pointer: where its return address then is
  Address pcs_begin = 0;        // PcDesc[]; 0: none
  Address pcs_end = 0;
  Address scopes = 0;
  Address scopes_end = 0;
  Address metadata = 0;

  bool operator==(const CodeBlob&) const = default;
  bool is_deopt(Address pc) const { return pc != 0 && (pc == deopt || pc == deopt_mh); }
  bool contains(Address pc) const { return pc >= code_begin && pc < code_end; }
};

// How old a sample can be when it is looked at: they are delivered every 0.1 s, those of a full ring a little
// later. What was in use so long before another took its place may be what a sample met, and so long
// afterwards samples may still come that met it.
constexpr Nanoseconds kOldestSample = 300 * kMillisecond;

// The blobs of a target by address. A place can hold one blob now and another later: each is a version of its
// own. Where one has taken the place of another that was in use a moment ago, stacks that were taken
// meanwhile may be of either: then there is no blob for as long as such can come. Lives on one thread.
class CodeBlobs {
 public:
  // All outlive this.
  CodeBlobs(const Memory& memory, const Layout& layout, CodeHeaps& heaps)
      : memory_(memory), layout_(layout), heaps_(heaps) {}

  // From here on each blob is looked at again, once, before it is used. Not `readable`: the process has
  // ended, and the rest of what it told is of the blobs as they were known last.
  void begin_batch(bool readable, TimePoint now) {
    readable_ = readable;
    now_ = now;
    ++batch_;
  }

  // The blob that has code at an address; null when there is none, it cannot be read, or it may have been
  // another. Valid until the next begin_batch().
  const CodeBlob* find(Address pc);

  // Where the frame of compiled code is whose next instruction is at `pc` of a blob that find() gave.
  FrameShape shape_at(const CodeBlob& blob, Address pc);

  // Whether what precedes an address is a call instruction.
  bool follows_call(const CodeBlob& blob, Address pc);

  // What the instruction before an address calls, where it is one that names it: as of now, since HotSpot
  // directs calls elsewhere as code is compiled. An inline cache is directed to another method, too, while
  // what it has called still runs.
  struct Call {
    Address target = 0;
    bool has_inline_cache = false;
  };
  std::optional<Call> call_before(const CodeBlob& blob, Address pc) const;

  // The Method that a piece of an nmethod's own hands to the interpreter, where a call leads to such a piece;
  // 0: not known.
  Address interpreted_method(Address call_target) const;

 private:
  struct Entry {
    CodeBlob blob;
    Address name_address = 0;
    uint64_t batch = 0;      // of the last look
    TimePoint looked = 0;    // the same
    TimePoint in_doubt = 0;  // until then it may be another that a sample has met
    std::unordered_map<Address, FrameShape> shapes;
    std::unordered_map<Address, bool> after_call;
  };
  // By the blob's start.
  using Entries = std::map<Address, Entry>;

  Entries::iterator entry_at(Address pc);
  void forget_within(Address start, Address end);
  Entry* look_at(Address pc);
  bool is_unchanged(Entry& entry);
  Entry* read(Address start, uint64_t most_bytes);
  std::optional<Entry> parse(std::span<const uint8_t> header, Address start, uint64_t most_bytes);
  void parse_compiled(std::span<const uint8_t> header, CodeBlob& blob) const;
  const std::string& name_at(Address address);
  bool was_recent(const Entry& entry) const { return now_ - entry.looked <= kOldestSample; }
  Entry& entry_of(const CodeBlob& blob) { return entries_.at(blob.start); }

  const Memory& memory_;
  const Layout& layout_;
  CodeHeaps& heaps_;
  uint64_t batch_ = 1;
  TimePoint now_ = 0;
  bool readable_ = true;
  uint32_t versions_ = 0;
  Entries entries_;
  std::unordered_map<Address, std::string> names_;
  std::vector<uint8_t> header_;
};

}  // namespace rtprof::jvm
