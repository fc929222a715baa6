#include "agents/jvm/detour.h"

#include <sys/mman.h>

#include <cstring>

#include "agents/jvm/refused.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace rtprof::agents::jvm {
namespace {

constexpr uintptr_t kPageBytes = 4096;
constexpr uint8_t kJump = 0xe9;
constexpr size_t kJumpBytes = 5;
constexpr uint8_t kBreakpoint = 0xcc;
// A jump to any address: `jmp [rip]`, and the address behind it.
constexpr size_t kFarJumpBytes = 14;

uintptr_t page_of(uintptr_t address) {
  return address / kPageBytes * kPageBytes;
}

uint8_t* bytes_at(uintptr_t address) {
  return reinterpret_cast<uint8_t*>(address);  // NOLINT(performance-no-int-to-ptr): where code is
}

// Where the first five bytes of a function lead if the first one is that of a jump.
uintptr_t end_of_jump(const uint8_t* function) {
  int32_t distance = 0;
  std::memcpy(&distance, function + 1, sizeof distance);
  return reinterpret_cast<uintptr_t>(function) + kJumpBytes + static_cast<uintptr_t>(intptr_t{distance});
}

void put_far_jump(uint8_t* at, uintptr_t to) {
  constexpr uint8_t kCode[] = {0xff, 0x25, 0, 0, 0, 0};
  std::memcpy(at, kCode, sizeof kCode);
  std::memcpy(at + sizeof kCode, &to, sizeof to);
}

// Pages of ours at places that are not free to choose, for good.
class Pages {
 public:
  // To be written. False where something else is there.
  bool open(uintptr_t page) {
    void* at = bytes_at(page);
    if (is_ours(page)) return ::mprotect(at, kPageBytes, PROT_READ | PROT_WRITE) == 0;
    if (count_ == kMost) return false;
    // Older kernels take the place for a proposal.
    void* got = ::mmap(at, kPageBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED) return false;
    if (got != at) {
      ::munmap(got, kPageBytes);
      return false;
    }
    std::memset(at, kBreakpoint, kPageBytes);
    pages_[count_++] = page;
    return true;
  }

 private:
  static constexpr size_t kMost = 8;

  bool is_ours(uintptr_t page) const {
    for (size_t i = 0; i < count_; ++i) {
      if (pages_[i] == page) return true;
    }
    return false;
  }

  uintptr_t pages_[kMost] = {};
  size_t count_ = 0;
};
Pages pages;

bool make_executable(void* page) {
  return ::mprotect(page, kPageBytes, PROT_READ | PROT_EXEC) == 0;
}

}  // namespace

bool Detour::lay_out(uintptr_t place, void (*landing)()) {
  uintptr_t first = page_of(place), last = page_of(place + kFarJumpBytes - 1);
  if (!pages.open(first) || (last != first && !pages.open(last))) return false;
  put_far_jump(bytes_at(place), reinterpret_cast<uintptr_t>(landing));
  return make_executable(bytes_at(first)) && (last == first || make_executable(bytes_at(last)));
}

Answer Detour::prepare(uintptr_t function, void (*landing)()) {
  uint8_t* code = bytes_at(function);
  if (function_ == code) return {};
  size_t length = first_instruction(code);
  if (length == 0) {
    bool is_taken = *code == kBreakpoint || *code == kJump;
    return is_taken
               ? refused(Refusal::kOccupied, "another profiler has changed HotSpot's code for allocations")
               : refused(Refusal::kMissing, "HotSpot's code for allocations begins in an unknown way");
  }
  void* page = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return refused(Refusal::kFailed, "there is no memory for code");
  auto* continuation = static_cast<uint8_t*>(page);
  std::memcpy(continuation, code, length);
  put_far_jump(continuation + length, function + length);
  bool is_laid_out = make_executable(page) && lay_out(end_of_jump(code), landing);
  if (!is_laid_out) {
    ::munmap(page, kPageBytes);
    return refused(Refusal::kFailed, "there is no room where a jump from HotSpot's code leads");
  }
  function_ = code;
  continuation_ = page;
  first_ = *code;
  return {};
}

bool Detour::write(uint8_t byte) const {
  void* page = bytes_at(page_of(reinterpret_cast<uintptr_t>(function_)));
  if (::mprotect(page, kPageBytes, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
  __atomic_store_n(function_, byte, __ATOMIC_SEQ_CST);
  // It has all processors that run the process look at the code anew, too.
  make_executable(page);
  return true;
}

Answer Detour::enable() {
  // Somebody who had put his own over ours may have put ours back.
  if (*function_ == kJump) return {};
  if (*function_ != first_)
    return refused(Refusal::kOccupied, "another profiler has changed HotSpot's code for allocations");
  return write(kJump) ? Answer() : refused(Refusal::kFailed, "HotSpot's code cannot be changed");
}

void Detour::disable() {
  // What somebody has put over ours is his to take away.
  if (function_ != nullptr && *function_ == kJump) write(first_);
}

}  // namespace rtprof::agents::jvm
