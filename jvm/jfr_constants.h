#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "jvm/jfr_bytes.h"
#include "jvm/jfr_types.h"

namespace rtprof::jvm {

struct JfrThread {
  std::string name;     // the program's, else the kernel's
  int64_t os_id = 0;    // in the target's pid namespace
  int64_t java_id = 0;  // 0: no thread of Java's
  uint64_t group = 0;   // a constant of type jdk.types.ThreadGroup
  bool is_virtual = false;
};

// How a frame was run, by JFR's words for it.
enum class JfrFrameKind : uint8_t { kOther, kInterpreted, kCompiled, kInlined, kNative };

struct JfrFrame {
  uint64_t method = 0;
  int32_t line = 0;
  uint64_t kind = 0;
};

struct JfrTrace {
  bool is_truncated = false;
  std::vector<JfrFrame> leaf_first;
};

struct JfrMethod {
  std::string name;        // "java/util/HashMap.get"
  std::string descriptor;  // "(Ljava/lang/Object;)Ljava/lang/Object;"
};

// The constants of one chunk of a recording, as far as samples need them. They come in checkpoints, in any
// order: what one refers to may be in a later one.
class JfrConstants {
 public:
  static constexpr size_t kMostBytes = 128 << 20;
  // What would take more memory, roughly, is left out.
  explicit JfrConstants(size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  // Takes in a checkpoint, from behind its size and type on. False where it makes no sense: what came before
  // that is kept.
  bool add(const JfrTypes& types, JfrBytes& bytes);

  uint64_t left_out() const { return left_out_; }

  // Null, or nothing, where it has not come yet, or was left out.
  const JfrThread* thread(uint64_t id) const;
  const JfrTrace* trace(uint64_t id) const;
  std::optional<JfrMethod> method(uint64_t id) const;
  // Which threads carry virtual ones, by os_id.
  std::vector<int64_t> carriers() const;
  JfrFrameKind frame_kind(uint64_t id) const;

 private:
  struct RawMethod {
    uint64_t type = 0;
    uint64_t name = 0;
    uint64_t descriptor = 0;
  };

  template <typename Value>
  void keep(std::unordered_map<uint64_t, Value>& values, uint64_t id, Value value);
  void add_value(const JfrType& type, uint64_t id, JfrBytes& bytes);
  void add_thread(const JfrType& type, uint64_t id, JfrBytes& bytes);
  void add_trace(const JfrType& type, uint64_t id, JfrBytes& bytes);
  // The number or text of a type's one field of that name; the others are passed over.
  static uint64_t number_of(const JfrType& type, JfrBytes& bytes, const char* name);
  static JfrText text_of(const JfrType& type, JfrBytes& bytes, const char* name);
  const std::string* text(const JfrText& text) const;
  const std::string* symbol(uint64_t id) const;

  size_t most_bytes_;
  size_t bytes_ = 0;
  uint64_t left_out_ = 0;
  std::unordered_map<uint64_t, JfrThread> threads_;
  std::unordered_map<uint64_t, JfrTrace> traces_;
  std::unordered_map<uint64_t, RawMethod> methods_;
  std::unordered_map<uint64_t, uint64_t> classes_;  // their names
  std::unordered_map<uint64_t, JfrText> symbols_;
  std::unordered_map<uint64_t, JfrText> thread_groups_;  // their names
  std::unordered_map<uint64_t, JfrText> strings_;
  std::unordered_map<uint64_t, JfrFrameKind> frame_kinds_;
};

}  // namespace rtprof::jvm
