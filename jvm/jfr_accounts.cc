#include "jvm/jfr_accounts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace rtprof::jvm {
namespace {

// Of an interval: the recorder's own delays.
constexpr double kLongestShare = 1.5;

using Activity = JfrAccounts::Activity;
using Missing = JfrAccounts::Missing;

}  // namespace

void JfrAccounts::running(int32_t thread, uint32_t stack, TimePoint at) {
  Account& account = thread < 0 ? virtual_ : accounts_[thread];
  account.running.push_back({thread, stack, at});
}

void JfrAccounts::in_native(int32_t thread, uint32_t stack, Reason reason, TimePoint at) {
  Account& account = thread < 0 ? virtual_ : accounts_[thread];
  account.native.push_back({thread, stack, at});
  auto& known = account.native_at[stack];
  known.first = reason;
  ++known.second;
}

void JfrAccounts::waited(int32_t thread, Reason reason, uint32_t stack, TimePoint start, TimePoint end,
                         const Emit& emit) {
  start = std::max(start, since_);
  if (thread > 0) {
    Account& account = accounts_[thread];
    start = std::max(start, account.from);
    account.waited += std::max<Nanoseconds>(end - start, 0);
  }
  if (end > start) emit({thread, Activity::kWaiting, reason, Missing::kNone, stack, start, end - start});
}

void JfrAccounts::look(int32_t thread, const ThreadTimes& times, TimePoint now, bool is_carrier) {
  Account& account = accounts_[thread];
  account.is_carrier = is_carrier;
  if (account.looked == 0) {
    account.from = now;
  } else {
    Nanoseconds ran = std::max<Nanoseconds>(times.cpu - account.times.cpu, 0);
    account.unshared += ran;
    account.ran += ran;
    account.runnable += std::max<Nanoseconds>(times.waited - account.times.waited, 0);
  }
  account.times = times;
  account.looked = looked_ = now;
}

// At most `most` to each.
void JfrAccounts::share(Account& account, const std::vector<Mark>& marks, Nanoseconds most,
                        const Emit& emit) {
  auto left = static_cast<Nanoseconds>(marks.size());
  for (const Mark& mark : marks) {
    Nanoseconds time = std::clamp<Nanoseconds>(account.unshared / left--, 0, most);
    account.unshared -= time;
    account.ran_at[mark.stack] += time;
    account.last = mark;
    ++account.samples;
    if (time > 0)
      emit({mark.thread, Activity::kRunning, Reason::kNone, Missing::kNone, mark.stack, mark.at, time});
  }
}

// What a carrier runs, it runs for a virtual thread or for itself.
void JfrAccounts::pool_carriers() {
  if (virtual_.running.empty()) return;
  for (auto& [thread, account] : accounts_) {
    if (!account.is_carrier) continue;
    virtual_.unshared += std::exchange(account.unshared, 0);
    std::vector<Mark> marks = std::exchange(account.running, {});
    virtual_.running.insert(virtual_.running.end(), marks.begin(), marks.end());
  }
}

// The one that is kept to: the recorder samples a few threads at a time and then goes on with the next ones,
// and is late where CPUs are busy. Samples that fail make most gaps longer, but rarely all of them.
Nanoseconds JfrAccounts::interval() const {
  constexpr size_t kFewest = 8;
  constexpr size_t kShortOnes = 5;  // one of so many is shorter
  if (!is_measured_) return interval_;
  std::vector<Nanoseconds> gaps;
  for (const auto& [thread, account] : accounts_) {
    std::vector<TimePoint> times;
    for (const Mark& mark : account.running) times.push_back(mark.at);
    std::sort(times.begin(), times.end());
    for (size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
  }
  if (gaps.size() < kFewest) return interval_;
  auto short_one = gaps.begin() + static_cast<ptrdiff_t>(gaps.size() / kShortOnes);
  std::nth_element(gaps.begin(), short_one, gaps.end());
  return std::max(interval_, *short_one);
}

// Of what a thread did between the kernel's last count and its end there are samples only.
void JfrAccounts::add_last_samples(Account& account) const {
  if (account.looked == looked_) return;
  for (const Mark& mark : account.running) {
    if (mark.at > account.looked) account.unshared += interval_;
  }
}

void JfrAccounts::share_out(const Emit& emit) {
  pool_carriers();
  auto most = static_cast<Nanoseconds>(static_cast<double>(interval()) * kLongestShare);
  auto share_of = [&](Account& account, Nanoseconds most_each) {
    share(account, std::exchange(account.running, {}), most_each, emit);
    // Native methods are sampled rarely; who waits in one uses no CPU time.
    share(account, std::exchange(account.native, {}), account.unshared, emit);
  };
  for (auto& [thread, account] : accounts_) {
    add_last_samples(account);
    share_of(account, most);
  }
  share_of(virtual_, std::max(most, virtual_.unshared));
}

void JfrAccounts::settle_cpu(int32_t thread, Account& account, const Emit& emit) const {
  Nanoseconds left = std::exchange(account.unshared, 0);
  if (left <= 0) return;
  Part part{thread, Activity::kRunning, Reason::kNone, Missing::kNotSampled, 0, account.looked - left, left};
  // What is less than two samples is the last one's.
  if (account.samples > 0 && left < 2 * interval_) {
    part.missing = Missing::kNone;
    part.thread = account.last.thread;
    part.stack = account.last.stack;
    account.ran_at[part.stack] += left;
  }
  emit(part);
}

// The time in which a thread neither ran nor was in a wait that the recorder tells of.
void JfrAccounts::settle_rest(int32_t thread, Account& account, const Emit& emit) {
  Nanoseconds rest = account.looked - account.from - account.ran - account.waited;
  if (rest <= 0) return;
  TimePoint start = account.looked - rest;
  Nanoseconds runnable = std::min(rest, account.runnable);
  Nanoseconds weights = 0;
  for (const auto& [stack, time] : account.ran_at) weights += time;
  Nanoseconds left = runnable;
  for (const auto& [stack, time] : account.ran_at) {
    auto share = static_cast<Nanoseconds>(static_cast<double>(runnable) * static_cast<double>(time) /
                                          static_cast<double>(std::max<Nanoseconds>(weights, 1)));
    share = std::min(share, left);
    left -= share;
    if (share > 0) emit({thread, Activity::kRunnable, Reason::kNone, Missing::kNone, stack, start, share});
  }
  if (left > 0) emit({thread, Activity::kRunnable, Reason::kNone, Missing::kNotSampled, 0, start, left});
  rest -= runnable;
  if (rest <= 0) return;
  uint64_t looks = 0;
  for (const auto& [stack, seen] : account.native_at) looks += seen.second;
  left = rest;
  for (const auto& [stack, seen] : account.native_at) {
    auto share =
        static_cast<Nanoseconds>(static_cast<double>(rest) * seen.second / static_cast<double>(looks));
    share = std::min(share, left);
    left -= share;
    if (share > 0) emit({thread, Activity::kWaiting, seen.first, Missing::kNone, stack, start, share});
  }
  if (left > 0) emit({thread, Activity::kWaiting, Reason::kOther, Missing::kNotRecorded, 0, start, left});
}

void JfrAccounts::settle(const Emit& emit) {
  share_out(emit);
  for (auto& [thread, account] : accounts_) {
    if (account.looked == 0) continue;
    settle_cpu(thread, account, emit);
    settle_rest(thread, account, emit);
    account.from = account.looked;
    account.ran = account.runnable = account.waited = 0;
    account.samples = 0;
    account.ran_at.clear();
    account.native_at.clear();
  }
  if (virtual_.samples > 0) settle_cpu(virtual_.last.thread, virtual_, emit);
  virtual_.samples = 0;
  virtual_.ran_at.clear();
  virtual_.native_at.clear();
}

}  // namespace rtprof::jvm
