#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "jvm/chunk_record.h"
#include "jvm/inner_tids.h"
#include "jvm/java_threads.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// How a JVM keeps what its virtual threads have not got on the stack of the thread that carries them: a
// JavaThread leads to a ContinuationEntry on its stack, that to a Continuation, and that to StackChunks.
//
// HotSpot describes little of it, and before JDK 24 nothing. What leads to a Continuation is found by what is
// there: an object of that class, which nothing else on a thread's path has. So it is known only once a
// virtual thread has been met while a carrier ran it. Lives on one thread.
class Continuations {
 public:
  // Both outlive this. `names`: records tell id and name of the virtual thread.
  Continuations(const Process& process, const Layout& layout, bool names);
  // `memory` outlives this; `tids` gives the thread ids as of now.
  Continuations(const Memory& memory, const Layout& layout, bool names, std::function<InnerTids()> tids);

  // Whether this JDK has virtual threads at all.
  bool exist() const { return layout_.version.feature >= kFirstFeature; }

  // Before the first stack: looks for a virtual thread that is being carried, for a moment where there are
  // carriers.
  void prepare();
  // Before each batch of stacks: looks for one again, if stacks of the last were found to need it, and at the
  // threads.
  void begin_batch(TimePoint now);
  // Whether threads were met that carry virtual ones.
  bool has_carriers() const { return has_carriers_; }
  // A stack was met that goes on in the heap.
  void want() { is_wanted_ = true; }

  // What leads to the frames in the heap; null when it is not known.
  const rt_chunk_settings* settings() const { return settings_ ? &*settings_ : nullptr; }
  // The JavaThreads by their tids, as we see them; another version when they have changed.
  const std::unordered_map<pid_t, Address>& threads() const { return known_; }
  uint64_t version() const { return version_; }
  // The size of a ContinuationEntry; a frame pointer and a return address follow it.
  uint32_t entry_bytes() const;
  // The methods of class Continuation, one of which is what a carrier enters a virtual thread by.
  std::span<const Address> methods() const { return methods_; }

  // An rt_chunk_record of a thread that does not run. Empty where it carries no virtual thread.
  std::vector<uint8_t> read(pid_t tid);

 private:
  static constexpr int kFirstFeature = 21;

  enum class Found { kNothing, kOnlyCarriers, kAll };

  std::vector<JavaThreads::Known> carriers();
  Found learn();
  void look_at_threads(TimePoint now);
  std::optional<rt_chunk_settings> settings_of(const JavaThreads::Known& thread);
  std::optional<rt_chunk_settings> settings_by_entry(Address thread, uint32_t at, Address entry);
  std::optional<uint32_t> reference_to(Address object, const JavaObject& in) const;
  void read_methods(const JavaClass& continuation);
  void describe_thread(rt_chunk_settings& settings, const JavaObject& continuation);
  bool describe_chunks(rt_chunk_settings& settings, const JavaObject& continuation);
  std::optional<JavaObject> object_of(std::optional<Address> address, std::string_view class_name);
  Address referred(Address field) const;
  void read_thread(rt_chunk_record& record, Address continuation) const;

  const Memory& memory_;
  const Layout layout_;
  const bool names_;
  const std::function<InnerTids()> tids_;
  JavaThreads threads_;
  std::optional<rt_chunk_settings> settings_;
  std::vector<Address> methods_;
  std::unordered_map<pid_t, Address> known_;
  std::optional<Address> list_;  // ThreadsList* that known_ is of
  uint64_t version_ = 0;
  TimePoint next_listing_ = 0;
  bool has_carriers_ = false;
  bool is_wanted_ = false;
  TimePoint next_look_ = 0;
};

}  // namespace rtprof::jvm
