#include "jvm/jfr_constants.h"

#include <string_view>
#include <utility>

namespace rtprof::jvm {
namespace {

constexpr size_t kDeepestTrace = 2048;  // JFR's own limit

JfrFrameKind frame_kind_of(std::string_view description) {
  if (description == "Interpreted") return JfrFrameKind::kInterpreted;
  if (description == "JIT compiled") return JfrFrameKind::kCompiled;
  if (description == "Inlined") return JfrFrameKind::kInlined;
  if (description == "Native") return JfrFrameKind::kNative;
  return JfrFrameKind::kOther;
}

size_t heap_bytes(const JfrThread& thread) {
  return thread.name.size();
}

size_t heap_bytes(const JfrTrace& trace) {
  return trace.leaf_first.size() * sizeof(JfrFrame);
}

size_t heap_bytes(const JfrText& text) {
  return text.text.size();
}

template <typename Value>
size_t heap_bytes(const Value&) {
  return 0;
}

template <typename Value>
const Value* find(const std::unordered_map<uint64_t, Value>& values, uint64_t id) {
  auto found = values.find(id);
  return found == values.end() ? nullptr : &found->second;
}

}  // namespace

template <typename Value>
void JfrConstants::keep(std::unordered_map<uint64_t, Value>& values, uint64_t id, Value value) {
  constexpr size_t kNode = 4 * sizeof(void*) + sizeof(Value);  // of the map
  auto known = values.find(id);
  size_t before = known == values.end() ? 0 : kNode + heap_bytes(known->second);
  size_t bytes = bytes_ - before + kNode + heap_bytes(value);
  if (bytes > most_bytes_) {
    ++left_out_;
    return;
  }
  bytes_ = bytes;
  if (known == values.end()) {
    values.emplace(id, std::move(value));
  } else {
    known->second = std::move(value);
  }
}

bool JfrConstants::add(const JfrTypes& types, JfrBytes& bytes) {
  bytes.number();  // time
  bytes.number();  // duration
  bytes.number();  // where the one before is
  bytes.byte();    // why it was written
  for (size_t pools = bytes.count(); pools > 0 && bytes.ok(); --pools) {
    const JfrType* type = types.find(bytes.number());
    if (type == nullptr) return false;
    for (size_t values = bytes.count(); values > 0 && bytes.ok(); --values) {
      uint64_t id = bytes.number();
      add_value(*type, id, bytes);
    }
  }
  return bytes.ok();
}

void JfrConstants::add_value(const JfrType& type, uint64_t id, JfrBytes& bytes) {
  if (type.name == "java.lang.Thread") return add_thread(type, id, bytes);
  if (type.name == "jdk.types.StackTrace") return add_trace(type, id, bytes);
  if (type.name == "jdk.types.Symbol") {
    keep(symbols_, id, text_of(type, bytes, "string"));
  } else if (type.name == "java.lang.Class") {
    keep(classes_, id, number_of(type, bytes, "name"));
  } else if (type.name == "java.lang.String") {
    keep(strings_, id, bytes.text());
  } else if (type.name == "jdk.types.ThreadGroup") {
    keep(thread_groups_, id, text_of(type, bytes, "name"));
  } else if (type.name == "jdk.types.FrameType") {
    keep(frame_kinds_, id, frame_kind_of(text_of(type, bytes, "description").text));
  } else if (type.name == "jdk.types.Method") {
    RawMethod method;
    JfrTypes::read(type, bytes, [&](const JfrField& field, JfrBytes& value) {
      uint64_t* place = field.name == "type"         ? &method.type
                        : field.name == "name"       ? &method.name
                        : field.name == "descriptor" ? &method.descriptor
                                                     : nullptr;
      if (place == nullptr || !field.is_reference || field.is_array) return false;
      *place = value.number();
      return true;
    });
    keep(methods_, id, method);
  } else {
    JfrTypes::skip(type, bytes);
  }
}

void JfrConstants::add_thread(const JfrType& type, uint64_t id, JfrBytes& bytes) {
  JfrThread thread;
  std::string os_name;
  JfrTypes::read(type, bytes, [&](const JfrField& field, JfrBytes& value) {
    if (field.is_reference && !field.is_array && field.name == "group") {
      thread.group = value.number();
      return true;
    }
    if (field.is_reference || field.is_array) return false;
    if (field.name == "osName" && field.type->shape == JfrShape::kText) {
      os_name = value.text().text;
    } else if (field.name == "javaName" && field.type->shape == JfrShape::kText) {
      thread.name = value.text().text;
    } else if (field.name == "osThreadId" && field.type->shape == JfrShape::kNumber) {
      thread.os_id = static_cast<int64_t>(value.number());
    } else if (field.name == "javaThreadId" && field.type->shape == JfrShape::kNumber) {
      thread.java_id = static_cast<int64_t>(value.number());
    } else if (field.name == "virtual" && field.type->shape == JfrShape::kByte) {
      thread.is_virtual = value.byte() != 0;
    } else {
      return false;
    }
    return true;
  });
  if (thread.name.empty()) thread.name = std::move(os_name);
  keep(threads_, id, std::move(thread));
}

void JfrConstants::add_trace(const JfrType& type, uint64_t id, JfrBytes& bytes) {
  JfrTrace trace;
  auto read_frame = [&](const JfrType& frame_type) {
    JfrFrame frame;
    JfrTypes::read(frame_type, bytes, [&](const JfrField& field, JfrBytes& value) {
      if (field.is_array || (!field.is_reference && field.type->shape != JfrShape::kNumber)) return false;
      if (field.name == "method") {
        frame.method = value.number();
      } else if (field.name == "lineNumber") {
        frame.line = static_cast<int32_t>(value.number());
      } else if (field.name == "type") {
        frame.kind = value.number();
      } else {
        return false;
      }
      return true;
    });
    if (trace.leaf_first.size() < kDeepestTrace) trace.leaf_first.push_back(frame);
  };
  JfrTypes::read(type, bytes, [&](const JfrField& field, JfrBytes& value) {
    if (field.name == "truncated" && field.type->shape == JfrShape::kByte && !field.is_array) {
      trace.is_truncated = value.byte() != 0;
      return true;
    }
    if (field.name != "frames" || !field.is_array || field.is_reference) return false;
    for (size_t frames = value.count(); frames > 0 && value.spend(); --frames) read_frame(*field.type);
    return true;
  });
  keep(traces_, id, std::move(trace));
}

uint64_t JfrConstants::number_of(const JfrType& type, JfrBytes& bytes, const char* name) {
  uint64_t number = 0;
  JfrTypes::read(type, bytes, [&](const JfrField& field, JfrBytes& value) {
    if (field.name != name || field.is_array || !field.is_reference) return false;
    number = value.number();
    return true;
  });
  return number;
}

JfrText JfrConstants::text_of(const JfrType& type, JfrBytes& bytes, const char* name) {
  JfrText text;
  JfrTypes::read(type, bytes, [&](const JfrField& field, JfrBytes& value) {
    bool is_text = field.type->shape == JfrShape::kText && !field.is_reference && !field.is_array;
    if (field.name != name || !is_text) return false;
    text = value.text();
    return true;
  });
  return text;
}

const std::string* JfrConstants::text(const JfrText& text) const {
  if (!text.constant) return &text.text;
  const JfrText* constant = find(strings_, *text.constant);
  return constant != nullptr && !constant->constant ? &constant->text : nullptr;
}

const std::string* JfrConstants::symbol(uint64_t id) const {
  const JfrText* symbol = find(symbols_, id);
  return symbol == nullptr ? nullptr : text(*symbol);
}

const JfrThread* JfrConstants::thread(uint64_t id) const {
  return find(threads_, id);
}

const JfrTrace* JfrConstants::trace(uint64_t id) const {
  return find(traces_, id);
}

std::optional<JfrMethod> JfrConstants::method(uint64_t id) const {
  const RawMethod* method = find(methods_, id);
  const uint64_t* holder = method == nullptr ? nullptr : find(classes_, method->type);
  const std::string* type = holder == nullptr ? nullptr : symbol(*holder);
  const std::string* name = type == nullptr ? nullptr : symbol(method->name);
  if (name == nullptr) return std::nullopt;
  const std::string* descriptor = symbol(method->descriptor);
  return JfrMethod{*type + "." + *name, descriptor == nullptr ? "" : *descriptor};
}

std::vector<int64_t> JfrConstants::carriers() const {
  // jdk.internal.misc.CarrierThread, from JDK 21 on.
  constexpr std::string_view kGroup = "CarrierThreads";
  // The pool's timer, which carries none (java.util.concurrent.DelayScheduler, from JDK 25 on).
  constexpr std::string_view kTimer = "-delayScheduler";
  std::vector<int64_t> tids;
  for (const auto& [id, thread] : threads_) {
    const JfrText* group = thread.is_virtual ? nullptr : find(thread_groups_, thread.group);
    const std::string* name = group == nullptr ? nullptr : text(*group);
    if (name != nullptr && *name == kGroup && !thread.name.ends_with(kTimer)) tids.push_back(thread.os_id);
  }
  return tids;
}

JfrFrameKind JfrConstants::frame_kind(uint64_t id) const {
  const JfrFrameKind* kind = find(frame_kinds_, id);
  return kind == nullptr ? JfrFrameKind::kOther : *kind;
}

}  // namespace rtprof::jvm
