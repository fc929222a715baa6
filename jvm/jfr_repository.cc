#include "jvm/jfr_repository.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

namespace rtprof::jvm {
namespace {

// That are read at once: what a JVM records in a second or two.
constexpr uint64_t kMostBytes = 64 << 20;
// Of chunks that are read at the same time.
constexpr size_t kMostFiles = 8;
// Of chunks in a directory that may be somebody else's.
constexpr size_t kMostNames = 4096;

bool read_at(int fd, std::span<uint8_t> bytes, uint64_t offset) {
  while (!bytes.empty()) {
    ssize_t got = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return true;
}

}  // namespace

std::set<std::string> chunk_names(int directory) {
  std::set<std::string> names;
  int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, int (*)(DIR*)> listing(again < 0 ? nullptr : ::fdopendir(again), ::closedir);
  while (listing != nullptr && names.size() < kMostNames) {
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) break;
    std::string_view name = entry->d_name;
    if (name.ends_with(".jfr")) names.emplace(name);
  }
  return names;
}

JfrRepository::JfrRepository(UniqueFd directory, std::set<std::string> passed_over, uid_t owner,
                             Intern intern)
    : directory_(std::move(directory)),
      owner_(owner),
      intern_(std::move(intern)),
      seen_(std::move(passed_over)) {}

bool JfrRepository::is_resolved(const File& file, const JfrEvent& event) {
  const JfrConstants& constants = file.chunk.constants();
  bool has_thread = event.thread == 0 || constants.thread(event.thread) != nullptr;
  if (!has_thread || event.trace == 0 || file.stacks.contains(event.trace)) return has_thread;
  const JfrTrace* trace = constants.trace(event.trace);
  auto has_method = [&](const JfrFrame& frame) { return constants.method(frame.method).has_value(); };
  return trace != nullptr && std::all_of(trace->leaf_first.begin(), trace->leaf_first.end(), has_method);
}

void JfrRepository::hand_over(File& file, const JfrHeader& header, const JfrEvent& event, const Take& take) {
  const JfrConstants& constants = file.chunk.constants();
  auto [stack, is_new] = file.stacks.try_emplace(event.trace);
  if (is_new) stack->second = intern_(constants, event.trace == 0 ? nullptr : constants.trace(event.trace));
  take(header, event, constants.thread(event.thread), stack->second);
}

void JfrRepository::look_for_files() {
  for (const std::string& name : chunk_names(directory_.get())) {
    if (seen_.contains(name) || files_.size() >= kMostFiles) continue;
    UniqueFd fd(
        ::openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat facts {};
    bool is_ours =
        fd.valid() && ::fstat(fd.get(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == owner_;
    seen_.insert(name);
    if (!is_ours) continue;
    File& file = files_.emplace_back();
    file.name = name;
    file.fd = std::move(fd);
  }
}

bool JfrRepository::update(const Take& take) {
  look_for_files();
  bool has_read = false;
  for (File& file : files_) has_read = read(file, take) || has_read;
  std::erase_if(files_, [](const File& file) { return file.ended; });
  return has_read;
}

bool JfrRepository::read(File& file, const Take& take) {
  std::array<uint8_t, JfrHeader::kSize> front{};
  if (!read_at(file.fd.get(), front, 0)) return false;  // it has just been made
  auto header = JfrHeader::parse(front);
  if (!header) {
    ++errors_;
    file.ended = true;
    return false;
  }
  if (header->is_changing || header->size < file.read) return false;
  uint64_t size = header->size - file.read;
  file.ended = header->is_final;
  if (size == 0) return false;
  if (size > kMostBytes) {
    ++errors_;
    file.ended = true;
    return false;
  }
  std::vector<uint8_t> records(size);
  if (!read_at(file.fd.get(), records, file.read)) {
    file.ended = false;
    return false;
  }
  // A header is changed before and after what it tells of: if it has changed meanwhile, this is another.
  std::array<uint8_t, JfrHeader::kSize> again{};
  if (!read_at(file.fd.get(), again, 0) || again != front) {
    file.ended = false;
    return false;
  }
  file.read = header->size;
  std::vector<JfrEvent> events = std::exchange(file.waiting, {});
  size_t waited = events.size();
  uint64_t left_out = file.chunk.constants().left_out();
  if (!file.chunk.read(records, events)) {
    ++errors_;
    file.ended = true;
  }
  left_out_ += file.chunk.constants().left_out() - left_out;
  for (int64_t tid : file.chunk.constants().carriers()) {
    if (carriers_.insert(tid).second) new_carriers_.push_back(tid);
  }
  // Those that have waited once have what they are going to have.
  for (size_t i = 0; i < events.size(); ++i) {
    bool is_final = file.ended || i < waited;
    if (is_final || is_resolved(file, events[i])) {
      hand_over(file, *header, events[i], take);
    } else {
      file.waiting.push_back(events[i]);
    }
  }
  complete_until_ = std::max(complete_until_, header->start_unix + header->duration);
  return true;
}

}  // namespace rtprof::jvm
