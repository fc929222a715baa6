#include "jvm/continuations.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <utility>

namespace rtprof::jvm {
namespace {

constexpr std::string_view kContinuation = "jdk/internal/vm/Continuation";
constexpr std::string_view kCarrier = "jdk/internal/misc/CarrierThread";
constexpr std::string_view kStackChunk = "jdk/internal/vm/StackChunk";
// As much of a ContinuationEntry as its Continuation is looked for in: it follows the entry's parent, which
// there mostly is none, and is followed by its chunk and two small numbers (runtime/continuationEntry.hpp).
constexpr size_t kEntryWords = 6;
using EntryWords = std::array<uint64_t, kEntryWords>;
constexpr uint32_t kMostArguments = 1024;               // words on the stack
constexpr uint32_t kAnchorBytes = 3 * sizeof(Address);  // JavaFrameAnchor, cpu/x86/javaFrameAnchor_x86.hpp
// At the start, where there are carriers and none carries anything right now.
constexpr Nanoseconds kPatience = 50 * kMillisecond;
constexpr auto kBetweenTries = std::chrono::microseconds(500);
// Later, for each batch that needs it: so many looks, and this share of the time.
constexpr int kLooks = 8;
constexpr Nanoseconds kLookingShare = 30;
constexpr Nanoseconds kListingPeriod = kSecond;

std::optional<uint32_t> offset_of(JavaClasses& classes, JavaClass& of, std::string_view name) {
  const JavaClass::Field* field = classes.field(of, name);
  return field != nullptr && !field->is_static ? std::optional(field->offset) : std::nullopt;
}

rt_u32 coding_of(ObjectModel::Coding coding) {
  switch (coding) {
    case ObjectModel::Coding::kPlain:
      return RT_REFERENCE_PLAIN;
    case ObjectModel::Coding::kCompressed:
      return RT_REFERENCE_NARROW;
    case ObjectModel::Coding::kColouredHigh:
      return RT_REFERENCE_COLOURED_HIGH;
    case ObjectModel::Coding::kColouredLow:
      return RT_REFERENCE_COLOURED_LOW;
  }
  return RT_REFERENCE_PLAIN;
}

}  // namespace

Continuations::Continuations(const Process& process, const Layout& layout, bool names)
    : Continuations(process.memory(), layout, names, [&process] { return InnerTids(process); }) {}

Continuations::Continuations(const Memory& memory, const Layout& layout, bool names,
                             std::function<InnerTids()> tids)
    : memory_(memory), layout_(layout), names_(names), tids_(std::move(tids)), threads_(memory_, layout_) {}

std::optional<JavaObject> Continuations::object_of(std::optional<Address> address,
                                                   std::string_view class_name) {
  JavaObjects& objects = threads_.objects();
  auto object = address ? objects.object(*address) : std::nullopt;
  bool is_it = object && objects.classes().called(*object->of, class_name) != nullptr;
  return is_it ? object : std::nullopt;
}

std::vector<JavaThreads::Known> Continuations::carriers() {
  if (threads_.begin()) return {};
  std::vector<JavaThreads::Known> carriers = threads_.list();
  std::erase_if(carriers, [&](const JavaThreads::Known& thread) {
    JavaClass* of = threads_.class_of(thread.address);
    return of == nullptr || of->name != kCarrier;
  });
  return carriers;
}

void Continuations::prepare() {
  if (!exist()) return;
  TimePoint end = monotonic_now() + kPatience;
  while (learn() == Found::kOnlyCarriers && monotonic_now() < end) std::this_thread::sleep_for(kBetweenTries);
  if (settings_) look_at_threads(monotonic_now());
}

void Continuations::begin_batch(TimePoint now) {
  if (!exist()) return;
  bool should_look = !settings_ && (is_wanted_ || names_) && now >= next_look_;
  if (should_look) {
    is_wanted_ = false;
    for (int look = 0; learn() == Found::kOnlyCarriers && look < kLooks; ++look)
      std::this_thread::sleep_for(kBetweenTries);
    TimePoint end = monotonic_now();
    next_look_ = end + kLookingShare * (end - now);
  }
  if (settings_) look_at_threads(now);
}

Continuations::Found Continuations::learn() {
  std::vector<JavaThreads::Known> all = carriers();
  has_carriers_ = has_carriers_ || !all.empty();
  for (const JavaThreads::Known& carrier : all) {
    settings_ = settings_of(carrier);
    if (settings_) return Found::kAll;
  }
  return all.empty() ? Found::kNothing : Found::kOnlyCarriers;
}

std::optional<rt_chunk_settings> Continuations::settings_of(const JavaThreads::Known& thread) {
  const ThreadLayout& layout = layout_.threads;
  auto bytes = memory_.bytes(thread.address, layout.thread_bytes);
  if (!bytes) return std::nullopt;
  if (layout.continuation_entry.exists()) {
    auto entry = static_cast<Address>(layout.continuation_entry.in(*bytes));
    return settings_by_entry(thread.address, layout.continuation_entry.offset, entry);
  }
  auto high = static_cast<Address>(layout.stack_base.in(*bytes));
  Address low = high - static_cast<Address>(layout.stack_size.in(*bytes));
  for (auto at = static_cast<uint32_t>(bytes->size() / sizeof(Address) * sizeof(Address)); at > 0;) {
    at -= sizeof(Address);
    // While a virtual thread leaves its carrier, the anchor of the last Java frame leads to the entry, too.
    bool is_in_anchor = at >= layout.anchor.offset && at < layout.anchor.offset + kAnchorBytes;
    Address entry;
    std::memcpy(&entry, bytes->data() + at, sizeof entry);
    bool is_on_stack = entry > low && entry < high && entry % sizeof(Address) == 0;
    if (is_in_anchor || !is_on_stack) continue;
    if (auto settings = settings_by_entry(thread.address, at, entry)) return settings;
  }
  return std::nullopt;
}

std::optional<rt_chunk_settings> Continuations::settings_by_entry(Address thread, uint32_t at,
                                                                  Address entry) {
  if (entry == 0) return std::nullopt;
  auto words = memory_.get<EntryWords>(entry);
  // It carries the same or another virtual thread all the while, or that part of its stack may have been
  // others'.
  if (!words || memory_.pointer(thread + at) != entry) return std::nullopt;
  for (size_t i = 1; i + 2 < kEntryWords; ++i) {
    auto [parent, object, chunk, numbers] =
        std::to_array({(*words)[i - 1], (*words)[i], (*words)[i + 1], (*words)[i + 2]});
    bool are_small = (numbers & UINT32_MAX) <= 1 && numbers >> 32 <= kMostArguments;
    bool may_have = parent == 0 && are_small && (chunk == 0 || object_of(chunk, kStackChunk));
    auto continuation = may_have ? object_of(object, kContinuation) : std::nullopt;
    rt_chunk_settings settings{};
    if (!continuation || !describe_chunks(settings, *continuation)) continue;
    settings.thread_entry = at;
    settings.entry_continuation = static_cast<uint32_t>(i * sizeof(Address));
    return settings;
  }
  return std::nullopt;
}

// Where an object has a reference to another one: HotSpot's own fields are not among those that a class
// tells.
std::optional<uint32_t> Continuations::reference_to(Address object, const JavaObject& in) const {
  const ObjectModel& model = threads_.objects().model();
  const uint32_t size = model.reference_bytes();
  for (uint32_t at = sizeof(ObjectHeader) - sizeof(uint32_t); at + size <= in.bytes.size();
       at += sizeof(uint32_t)) {
    if (at % size != 0) continue;
    uint64_t value = 0;
    std::memcpy(&value, in.bytes.data() + at, size);
    if (model.place(model.from_field(value)) == model.place(object)) return at;
  }
  return std::nullopt;
}

void Continuations::read_methods(const JavaClass& continuation) {
  constexpr uint64_t kArrayHeader = 8;  // Array<Method*>: the length, then the elements
  constexpr uint32_t kMost = 1000;
  auto array = layout_.objects.class_methods.at(memory_, continuation.klass);
  auto length = array ? memory_.get<uint32_t>(static_cast<Address>(*array)) : std::nullopt;
  if (!length || *length > kMost) return;
  methods_.resize(*length);
  if (!memory_.read(static_cast<Address>(*array) + kArrayHeader, methods_.data(), *length * sizeof(Address)))
    methods_.clear();
}

// Where HotSpot does not describe it: what follows the Continuation is 32 bytes until 23, and all is aligned
// to two words.
uint32_t Continuations::entry_bytes() const {
  constexpr uint32_t kAlignment = 2 * sizeof(Address);
  constexpr uint32_t kAfterContinuation = 32;
  uint32_t bytes = layout_.threads.continuation_entry_bytes;
  if (bytes == 0 && settings_) bytes = settings_->entry_continuation + sizeof(Address) + kAfterContinuation;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool Continuations::describe_chunks(rt_chunk_settings& settings, const JavaObject& continuation) {
  JavaObjects& objects = threads_.objects();
  JavaClasses& classes = objects.classes();
  JavaClass* of = classes.called(*continuation.of, kContinuation);
  auto chunk = object_of(objects.reference(continuation, *of, "tail"), kStackChunk);
  if (!chunk) return false;
  auto tail = offset_of(classes, *of, "tail");
  auto parent = offset_of(classes, *chunk->of, "parent");
  auto size = offset_of(classes, *chunk->of, "size");
  auto sp = offset_of(classes, *chunk->of, "sp");
  // One or the other, by the JDK.
  auto bottom = offset_of(classes, *chunk->of, "bottom");
  auto end = bottom ? bottom : offset_of(classes, *chunk->of, "argsize");
  if (!tail || !parent || !size || !sp || !end) return false;
  auto whose = reference_to(continuation.address, *chunk);
  if (!whose) return false;
  read_methods(*of);
  settings.continuation_tail = *tail;
  settings.chunk_parent = *parent;
  settings.chunk_continuation = *whose;
  settings.chunk_size = *size;
  settings.chunk_sp = *sp;
  settings.chunk_end = *end;
  settings.ends_at_bottom = bottom ? 1 : 0;
  settings.chunk_stack = chunk->of->object_bytes();
  ObjectModel::Rules rules = objects.model().rules(chunk->of->klass);
  settings.coding = coding_of(rules.coding);
  settings.base = rules.base;
  settings.shift = rules.shift;
  settings.mask = rules.offset_mask;
  settings.class_at = rules.class_at;
  settings.class_shift = rules.class_shift;
  settings.class_mask = rules.class_mask;
  settings.class_value = rules.class_value;
  if (names_) describe_thread(settings, continuation);
  return true;
}

// A virtual thread's continuation runs an object that knows the thread (java/lang/VirtualThread.java,
// VThreadContinuation.wrap).
void Continuations::describe_thread(rt_chunk_settings& settings, const JavaObject& continuation) {
  JavaObjects& objects = threads_.objects();
  JavaClasses& classes = objects.classes();
  JavaClass* of = classes.called(*continuation.of, kContinuation);
  auto target_at = objects.reference(continuation, *of, "target");
  auto target = target_at ? objects.object(*target_at) : std::nullopt;
  auto thread =
      target ? object_of(objects.reference(*target, "val$vthread"), "java/lang/Thread") : std::nullopt;
  JavaClass* of_thread = thread ? classes.called(*thread->of, "java/lang/Thread") : nullptr;
  auto name_at = thread ? objects.reference(*thread, *of_thread, "name") : std::nullopt;
  auto name = name_at ? objects.object(*name_at) : std::nullopt;
  auto array_at = name ? objects.reference(*name, "value") : std::nullopt;
  auto array = array_at ? objects.object(*array_at) : std::nullopt;
  if (!array) return;
  auto to_thread = offset_of(classes, *target->of, "val$vthread");
  auto id = offset_of(classes, *of_thread, "tid");
  auto to_name = offset_of(classes, *of_thread, "name");
  auto value = offset_of(classes, *name->of, "value");
  auto coder = offset_of(classes, *name->of, "coder");
  auto to_target = offset_of(classes, *of, "target");
  if (!to_thread || !id || !to_name || !value || !coder || !to_target) return;
  settings.target_thread = *to_thread;
  settings.target_class_value = objects.model().rules(target->of->klass).class_value;
  settings.thread_id = *id;
  settings.thread_name = *to_name;
  settings.string_value = *value;
  settings.string_coder = *coder;
  settings.array_length = objects.model().array_length_offset();
  settings.array_begin = array->of->array_begin();
  settings.continuation_target = *to_target;
}

// The list is another one when a thread comes or goes, but may have the address of one that was freed.
void Continuations::look_at_threads(TimePoint now) {
  auto list = memory_.pointer(layout_.threads.list);
  if (!list || (list == list_ && now < next_listing_)) return;
  std::unordered_map<pid_t, Address> threads;
  InnerTids tids = tids_();
  for (const JavaThreads::Known& thread : threads_.list()) {
    if (pid_t tid = tids.outer(thread.tid); tid != 0) threads[tid] = thread.address;
  }
  list_ = list;
  next_listing_ = now + kListingPeriod;
  if (threads == known_ || threads.empty()) return;
  known_ = std::move(threads);
  ++version_;
}

Address Continuations::referred(Address field) const {
  const ObjectModel& model = threads_.objects().model();
  uint64_t value = 0;
  bool is_read = memory_.read(field, &value, model.reference_bytes());
  Address object = is_read ? model.from_field(value) : 0;
  auto header = object != 0 ? memory_.get<ObjectHeader>(object) : std::nullopt;
  return header ? ObjectModel::moved_to(*header).value_or(object) : object;
}

// Id and name of the virtual thread.
void Continuations::read_thread(rt_chunk_record& record, Address continuation) const {
  const rt_chunk_settings& with = *settings_;
  if (with.continuation_target == 0) return;
  Address target = referred(continuation + with.continuation_target);
  auto bits = memory_.get<uint64_t>(target + with.class_at);
  bool is_its = bits && (*bits >> with.class_shift & with.class_mask) == with.target_class_value;
  Address thread = is_its ? referred(target + with.target_thread) : 0;
  auto id = thread != 0 ? memory_.get<uint64_t>(thread + with.thread_id) : std::nullopt;
  record.thread_id = id.value_or(0);
  Address name = id ? referred(thread + with.thread_name) : 0;
  Address array = name != 0 ? referred(name + with.string_value) : 0;
  auto length = array != 0 ? memory_.get<uint32_t>(array + with.array_length) : std::nullopt;
  auto coder = length ? memory_.get<uint8_t>(name + with.string_coder) : std::nullopt;
  if (!coder) return;
  auto bytes = std::min<uint32_t>(*length, RT_NAME_BYTES);
  record.name_coder = *coder;
  if (memory_.read(array + with.array_begin, record.name, bytes)) record.name_bytes = bytes;
}

std::vector<uint8_t> Continuations::read(pid_t tid) {
  if (!settings_) return {};
  auto thread = known_.find(tid);
  const rt_chunk_settings& with = *settings_;
  auto entry = thread != known_.end() ? memory_.pointer(thread->second + with.thread_entry) : std::nullopt;
  auto continuation = entry && *entry != 0 ? memory_.pointer(*entry + with.entry_continuation) : std::nullopt;
  if (!continuation || *continuation == 0) return {};
  const ObjectModel& model = threads_.objects().model();
  rt_chunk_record record{};
  record.entry = *entry;
  read_thread(record, *continuation);
  size_t used = 0;
  Address chunk = referred(*continuation + with.continuation_tail);
  for (int i = 0; i < RT_MAX_CHUNKS && chunk != 0; ++i) {
    auto bits = memory_.get<uint64_t>(chunk + with.class_at);
    auto size = memory_.get<uint32_t>(chunk + with.chunk_size);
    auto sp = memory_.get<uint32_t>(chunk + with.chunk_sp);
    auto end = memory_.get<uint32_t>(chunk + with.chunk_end);
    bool is_its = model.place(referred(chunk + with.chunk_continuation)) == model.place(*continuation);
    if (!bits || (*bits >> with.class_shift & with.class_mask) != with.class_value || !size || !sp || !end ||
        !is_its)
      break;
    if (with.ends_at_bottom == 0) end = *size - *end;
    if (*end > *size) break;
    if (*sp < *end) {
      rt_chunk& part = record.chunks[record.count++];
      part.address = chunk + with.chunk_stack + *sp * sizeof(Address) - RT_CHUNK_LINK_BYTES;
      part.bytes = static_cast<rt_u32>((*end - *sp) * sizeof(Address) + RT_CHUNK_LINK_BYTES);
      auto copied = static_cast<rt_u32>(std::min<size_t>(part.bytes, RT_MAX_CHUNK_BYTES - used));
      if (!memory_.read(part.address, record.frames + used, copied)) break;
      part.copied = copied;
      used += copied;
      if (copied < part.bytes) break;
    }
    chunk = referred(chunk + with.chunk_parent);
  }
  record.is_cut = chunk != 0 ? 1 : 0;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&record);
  return {bytes, bytes + offsetof(rt_chunk_record, frames) + used};
}

}  // namespace rtprof::jvm
