#pragma once

#include <sys/types.h>

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"
#include "jvm/jfr_chunk.h"

namespace rtprof::jvm {

// Of chunks in a directory, in order: they are of times.
std::set<std::string> chunk_names(int directory);

// The directory in which a JVM keeps the chunks of its recordings, read while they are written: about once a
// second the JVM makes what it has complete, and says so in a chunk's header. A chunk that is full, or that
// another recording has cut short, is followed by another.
class JfrRepository {
 public:
  // Makes a stack of a trace; null: its constant is missing. Asked once for each trace of a chunk.
  using Intern = std::function<uint32_t(const JfrConstants&, const JfrTrace*)>;
  // Told of each event with its thread (null: not known) and stack, once what it refers to is known, or is
  // not going to be. Times are by the header.
  using Take = std::function<void(const JfrHeader&, const JfrEvent&, const JfrThread*, uint32_t stack)>;

  // `directory` is open, and its files belong to `owner`; those that are named `passed_over` are not read.
  JfrRepository(UniqueFd directory, std::set<std::string> passed_over, uid_t owner, Intern intern);

  // Reads what has become complete. True when there was something.
  bool update(const Take& take);

  // Threads that carry virtual ones, by their tids in the target's pid namespace, of which this has not told
  // yet.
  std::vector<int64_t> take_carriers() { return std::exchange(new_carriers_, {}); }
  // All that happened until then has been handed over; ns after the epoch. 0: nothing yet.
  TimePoint complete_until() const { return complete_until_; }
  // Chunks that made no sense, from some place on.
  uint64_t errors() const { return errors_; }
  // Constants that there was no memory for: what refers to them is unknown.
  uint64_t left_out() const { return left_out_; }

 private:
  struct File {
    std::string name;
    UniqueFd fd;
    uint64_t read = JfrHeader::kSize;
    bool ended = false;
    JfrChunk chunk;
    std::vector<JfrEvent> waiting;                  // for constants
    std::unordered_map<uint64_t, uint32_t> stacks;  // by trace
  };
  void look_for_files();
  bool read(File& file, const Take& take);
  static bool is_resolved(const File& file, const JfrEvent& event);
  void hand_over(File& file, const JfrHeader& header, const JfrEvent& event, const Take& take);

  UniqueFd directory_;
  const uid_t owner_;
  const Intern intern_;
  std::set<std::string> seen_;
  std::vector<File> files_;  // oldest first
  std::set<int64_t> carriers_;
  std::vector<int64_t> new_carriers_;
  TimePoint complete_until_ = 0;
  uint64_t errors_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace rtprof::jvm
