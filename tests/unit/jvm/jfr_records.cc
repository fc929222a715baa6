#include "tests/unit/jvm/jfr_records.h"

#include <algorithm>
#include <string>

namespace rtprof::test {
namespace {

using Bytes = JfrRecords::Bytes;

struct Field {
  std::string name;
  uint64_t type;
  bool is_reference = false;
  bool is_array = false;
};
struct Class {
  uint64_t id;
  std::string name;
  std::vector<Field> fields;
};

const std::vector<Class>& classes() {
  static const std::vector<Class> kClasses{
      {JfrRecords::kLong, "long", {}},
      {JfrRecords::kBoolean, "boolean", {}},
      {JfrRecords::kInt, "int", {}},
      {JfrRecords::kString, "java.lang.String", {}},
      {JfrRecords::kThread,
       "java.lang.Thread",
       {{"osName", JfrRecords::kString},
        {"osThreadId", JfrRecords::kLong},
        {"javaName", JfrRecords::kString},
        {"javaThreadId", JfrRecords::kLong},
        {"group", JfrRecords::kThreadGroup, true},
        {"virtual", JfrRecords::kBoolean}}},
      {JfrRecords::kTrace,
       "jdk.types.StackTrace",
       {{"truncated", JfrRecords::kBoolean}, {"frames", JfrRecords::kFrame, false, true}}},
      {JfrRecords::kFrame,
       "jdk.types.StackFrame",
       {{"method", JfrRecords::kMethod, true},
        {"lineNumber", JfrRecords::kInt},
        {"bytecodeIndex", JfrRecords::kInt},
        {"type", JfrRecords::kFrameType, true}}},
      {JfrRecords::kMethod,
       "jdk.types.Method",
       {{"type", JfrRecords::kClass, true},
        {"name", JfrRecords::kSymbol, true},
        {"descriptor", JfrRecords::kSymbol, true}}},
      {JfrRecords::kClass, "java.lang.Class", {{"name", JfrRecords::kSymbol, true}}},
      {JfrRecords::kSymbol, "jdk.types.Symbol", {{"string", JfrRecords::kString}}},
      {JfrRecords::kThreadGroup,
       "jdk.types.ThreadGroup",
       {{"parent", JfrRecords::kThreadGroup, true}, {"name", JfrRecords::kString}}},
      {JfrRecords::kFrameType, "jdk.types.FrameType", {{"description", JfrRecords::kString}}},
      {JfrRecords::kSample,
       "jdk.ExecutionSample",
       {{"startTime", JfrRecords::kLong},
        {"sampledThread", JfrRecords::kThread, true},
        {"stackTrace", JfrRecords::kTrace, true}}},
      {JfrRecords::kPark,
       "jdk.ThreadPark",
       {{"startTime", JfrRecords::kLong},
        {"duration", JfrRecords::kLong},
        {"eventThread", JfrRecords::kThread, true},
        {"stackTrace", JfrRecords::kTrace, true},
        {"parkedClass", JfrRecords::kClass, true}}},
      {JfrRecords::kOther, "jdk.Other", {{"startTime", JfrRecords::kLong}}},
  };
  return kClasses;
}

class Strings {
 public:
  uint64_t index(const std::string& text) {
    auto found = std::find(all.begin(), all.end(), text);
    if (found == all.end()) found = all.insert(all.end(), text);
    return static_cast<uint64_t>(found - all.begin());
  }
  std::vector<std::string> all;
};

void element(Bytes& bytes, Strings& strings, const std::string& name,
             const std::vector<std::pair<std::string, std::string>>& attributes, size_t children) {
  JfrRecords::number(bytes, strings.index(name));
  JfrRecords::number(bytes, attributes.size());
  for (const auto& [key, value] : attributes) {
    JfrRecords::number(bytes, strings.index(key));
    JfrRecords::number(bytes, strings.index(value));
  }
  JfrRecords::number(bytes, children);
}

}  // namespace

void JfrRecords::metadata() {
  Strings strings;
  Bytes tree;
  element(tree, strings, "root", {}, 2);
  element(tree, strings, "metadata", {}, classes().size());
  for (const Class& each : classes()) {
    element(tree, strings, "class", {{"id", std::to_string(each.id)}, {"name", each.name}},
            each.fields.size());
    for (const Field& field : each.fields) {
      std::vector<std::pair<std::string, std::string>> attributes{{"name", field.name},
                                                                  {"class", std::to_string(field.type)}};
      if (field.is_reference) attributes.emplace_back("constantPool", "true");
      if (field.is_array) attributes.emplace_back("dimension", "1");
      element(tree, strings, "field", attributes, 0);
    }
  }
  element(tree, strings, "region", {{"locale", "en"}}, 0);
  Bytes body;
  for (int i = 0; i < 3; ++i) number(body, 1);
  number(body, strings.all.size());
  for (const std::string& each : strings.all) text(body, each);
  body.insert(body.end(), tree.begin(), tree.end());
  record(kMetadata, body);
}

void JfrRecords::half_of_constants(bool names) {
  Bytes body;
  for (uint64_t each : {5, 0, 0}) number(body, each);
  body.push_back(1);
  auto pool = [&](uint64_t type, uint64_t count) {
    number(body, type);
    number(body, count);
  };
  if (names) {
    number(body, 3);
    pool(kThreadGroup, 2);
    constexpr std::string_view kGroups[] = {"main", "CarrierThreads"};
    for (uint64_t i = 0; i < 2; ++i) {
      for (uint64_t each : {90 + i, uint64_t{0}}) number(body, each);
      text(body, kGroups[i]);
    }
    pool(kClass, 1);
    for (uint64_t each : {60, 50}) number(body, each);
    pool(kSymbol, 4);
    constexpr std::string_view kSymbols[] = {"a/A", "inner", "outer", "()V"};
    for (uint64_t i = 0; i < 4; ++i) {
      number(body, 50 + i);
      text(body, kSymbols[i]);
    }
    return record(kCheckpoint, body);
  }
  number(body, 4);
  struct Thread {
    uint64_t id, os_id;
    std::string_view name;
    uint64_t java_id, group;
    bool is_virtual;
  };
  constexpr Thread kThreads[] = {{10, 44, "Pool-1-delayScheduler", 33, 91, false},
                                 {7, 42, "worker", 30, 90, false},
                                 {8, 43, "carrier", 31, 91, false},
                                 {9, 43, "job", 32, 91, true}};
  pool(kThread, 4);
  for (const Thread& thread : kThreads) {
    number(body, thread.id);
    text(body, "name-of-the-kernel");
    number(body, thread.os_id);
    text(body, thread.name);
    number(body, thread.java_id);
    number(body, thread.group);
    body.push_back(thread.is_virtual ? 1 : 0);
  }
  pool(kTrace, 1);
  number(body, 3);
  body.push_back(1);
  for (uint64_t each : {2, 71, 11, 0, 1, 72, 22, 0, 2}) number(body, each);
  pool(kMethod, 2);
  for (uint64_t each : {71, 60, 51, 53, 72, 60, 52, 53}) number(body, each);
  pool(kFrameType, 2);
  number(body, 1);
  text(body, "Inlined");
  number(body, 2);
  text(body, "Interpreted");
  record(kCheckpoint, body);
}

void JfrRecords::constants() {
  half_of_constants(false);
  half_of_constants(true);
}

}  // namespace rtprof::test
