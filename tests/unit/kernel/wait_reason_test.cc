#include "kernel/wait_reason.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <syscall.h>

#include <vector>

#include "kernel/process_files.h"

namespace rtprof::kernel {
namespace {

using Names = std::vector<std::string_view>;

constexpr uint32_t kSocket = RT_FILE_KIND(S_IFSOCK);
constexpr uint32_t kPipe = RT_FILE_KIND(S_IFIFO);
constexpr uint32_t kRegular = RT_FILE_KIND(S_IFREG);
constexpr uint32_t kEventfd = RT_FILE_KIND(0600);

rt_wait_site in_syscall(uint32_t number, uint32_t flags = 0) {
  rt_wait_site site{};
  site.syscall = number;
  site.flags = flags;
  return site;
}

Reason of(const rt_wait_site& site, const Names& leaf_first = {}) {
  return reason_of_wait(site, waits_of_functions(leaf_first), nullptr);
}

// Stacks as Linux 6.18 gives them, by the reason they are for.
struct StackCase {
  Reason reason;
  uint32_t syscall;
  Names leaf_first;
};

TEST(WaitReason, OfStacksOfLinux) {
  const std::vector<StackCase> cases = {
      {Reason::kLock,
       SYS_futex,
       {"futex_do_wait", "__futex_wait", "futex_wait", "do_futex", "__x64_sys_futex"}},
      {Reason::kLock, SYS_futex, {"futex_wait_queue_me", "futex_wait", "do_futex"}},
      {Reason::kLock, SYS_flock, {"flock_lock_inode_wait", "locks_lock_inode_wait", "__x64_sys_flock"}},
      {Reason::kSleep, SYS_clock_nanosleep, {"hrtimer_nanosleep", "common_nsleep_timens"}},
      {Reason::kDisk,
       SYS_pread64,
       {"folio_wait_bit_common", "filemap_get_pages", "filemap_read", "vfs_read"}},
      {Reason::kDisk, SYS_fsync, {"jbd2_log_wait_commit", "ext4_sync_file", "do_fsync"}},
      {Reason::kNetwork, SYS_recvfrom, {"unix_stream_read_generic", "unix_stream_recvmsg", "sock_recvmsg"}},
      {Reason::kNetwork, SYS_read, {"wait_woken", "sk_wait_data", "tcp_recvmsg_locked", "tcp_recvmsg"}},
      {Reason::kNetwork, SYS_accept4, {"inet_csk_accept", "inet_accept", "do_accept"}},
      {Reason::kPipe, SYS_read, {"anon_pipe_read", "vfs_read", "ksys_read"}},
      {Reason::kPipe, SYS_write, {"pipe_write", "new_sync_write", "vfs_write"}},
      {Reason::kPipe, SYS_openat, {"wait_for_partner", "fifo_open", "do_dentry_open"}},
      {Reason::kChild, SYS_wait4, {"do_wait", "kernel_wait4", "__do_sys_wait4"}},
      {Reason::kChild, SYS_vfork, {"kernel_clone", "__x64_sys_vfork"}},
      {Reason::kFault,
       RT_NO_SYSCALL,
       {"folio_wait_bit_common", "filemap_fault", "__do_fault", "handle_mm_fault", "asm_exc_page_fault"}},
      {Reason::kRunnable, SYS_sched_yield, {"do_sched_yield", "__x64_sys_sched_yield"}},
      {Reason::kOther, SYS_rt_sigtimedwait, {"do_sigtimedwait.isra.0", "__x64_sys_rt_sigtimedwait"}},
  };
  for (const StackCase& each : cases)
    EXPECT_EQ(of(in_syscall(each.syscall), each.leaf_first), each.reason) << each.leaf_first.front();
}

TEST(WaitReason, FaultOfACallsOwnBufferIsAFault) {
  Names names{"folio_wait_bit_common", "filemap_fault", "handle_mm_fault", "asm_exc_page_fault",
              "anon_pipe_write"};
  EXPECT_EQ(of(in_syscall(SYS_write), names), Reason::kFault);
}

TEST(WaitReason, FunctionNearestToTheLeafDecides) {
  EXPECT_EQ(waits_of_functions(Names{"balance_dirty_pages", "tcp_sendmsg"}), Waits::kForDisk);
  EXPECT_EQ(waits_of_functions(Names{"tcp_sendmsg", "balance_dirty_pages"}), Waits::kForNetwork);
}

TEST(WaitReason, PatternsMatchWholeNames) {
  EXPECT_EQ(waits_of_functions(Names{"do_wait_intr_irq"}), std::nullopt);
  EXPECT_EQ(waits_of_functions(Names{"do_wait.part.0"}), Waits::kForChild);
  EXPECT_EQ(waits_of_functions(Names{"posix_lock_inode_wait"}), Waits::kForLock);
  EXPECT_EQ(waits_of_functions(Names{"", "entry_SYSCALL_64_after_hwframe"}), std::nullopt);
  EXPECT_EQ(waits_of_functions({}), std::nullopt);
}

// Without names of functions.
TEST(WaitReason, OfSystemCalls) {
  EXPECT_EQ(of(in_syscall(SYS_futex)), Reason::kLock);
  EXPECT_EQ(of(in_syscall(SYS_nanosleep)), Reason::kSleep);
  EXPECT_EQ(of(in_syscall(SYS_clock_nanosleep)), Reason::kSleep);
  EXPECT_EQ(of(in_syscall(SYS_wait4)), Reason::kChild);
  EXPECT_EQ(of(in_syscall(SYS_recvmsg)), Reason::kNetwork);
  EXPECT_EQ(of(in_syscall(SYS_fsync)), Reason::kDisk);
  EXPECT_EQ(of(in_syscall(SYS_getpid)), Reason::kOther);
  EXPECT_EQ(of(in_syscall(4000)), Reason::kOther);
  EXPECT_EQ(of(in_syscall(RT_NO_SYSCALL)), Reason::kFault);
  EXPECT_EQ(of(in_syscall(SYS_getpid, RT_WAIT_IO)), Reason::kDisk);
  EXPECT_EQ(of(in_syscall(SYS_io_uring_enter, RT_WAIT_IO)), Reason::kOther);
  EXPECT_EQ(of(in_syscall(SYS_futex, RT_WAIT_STOPPED)), Reason::kOther);
}

TEST(WaitReason, OfTheFileOfACall) {
  auto reading = [](uint32_t kind) {
    rt_wait_site site = in_syscall(SYS_read);
    site.file = static_cast<uint16_t>(kind);
    return of(site);
  };
  EXPECT_EQ(reading(kSocket), Reason::kNetwork);
  EXPECT_EQ(reading(kPipe), Reason::kPipe);
  EXPECT_EQ(reading(kRegular), Reason::kDisk);
  EXPECT_EQ(reading(RT_FILE_KIND(S_IFCHR)), Reason::kOther);
  EXPECT_EQ(reading(kEventfd), Reason::kOther);
  EXPECT_EQ(reading(0), Reason::kOther);
}

TEST(WaitReason, OfPolledFiles) {
  auto polling = [](uint32_t kinds, uint32_t flags = RT_WAIT_POLLED_KNOWN) {
    rt_wait_site site = in_syscall(SYS_poll, flags);
    site.polled = static_cast<uint16_t>(kinds);
    return of(site, {"poll_schedule_timeout.constprop.0", "do_sys_poll"});
  };
  EXPECT_EQ(polling(0), Reason::kSleep);
  EXPECT_EQ(polling(0, 0), Reason::kOther);
  EXPECT_EQ(polling(kSocket), Reason::kNetwork);
  EXPECT_EQ(polling(kSocket | kPipe | kEventfd), Reason::kNetwork);
  EXPECT_EQ(polling(kPipe | kEventfd), Reason::kPipe);
  EXPECT_EQ(polling(kEventfd), Reason::kOther);
}

TEST(WaitReason, OfAnEpoll) {
  rt_wait_site site = in_syscall(SYS_epoll_wait);
  site.argument = 5;
  auto watched = [](uint32_t descriptor) { return descriptor == 5 ? std::optional(kPipe) : std::nullopt; };
  EXPECT_EQ(reason_of_wait(site, std::nullopt, watched), Reason::kPipe);
  site.argument = 6;
  EXPECT_EQ(reason_of_wait(site, std::nullopt, watched), Reason::kOther);
  EXPECT_EQ(reason_of_wait(site, Waits::kForEpoll, nullptr), Reason::kOther);
}

TEST(ProcessFiles, ParsesTheSystemCallOfAThread) {
  auto state = parse_syscall("7 0x7ffd1000 0x2 0xffffffff 0x0 0x8 0x1 0x7ffd0f00 0x7f11\n");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->number, 7u);
  EXPECT_EQ(state->arguments[0], 0x7ffd1000u);
  EXPECT_EQ(state->arguments[5], 1u);
  EXPECT_EQ(parse_syscall("-1 0x7ffd0f00 0x7f11\n")->number, RT_NO_SYSCALL);
  for (const char* text : {"running\n", "", "7", "7 0x1 0x2", "seven 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8"}) {
    EXPECT_FALSE(parse_syscall(text)) << text;
  }
}

TEST(ProcessFiles, ParsesWhatAnEpollWatches) {
  const char* text =
      "pos:\t0\nflags:\t02\nmnt_id:\t16\nino:\t1057\n"
      "tfd:        5 events:       19 data:                5  pos:0 ino:423 sdev:a\n"
      "tfd:       12 events: 80000019 data:                c  pos:0 ino:424 sdev:a\n";
  EXPECT_EQ(parse_watched(text), (std::vector<uint32_t>{5, 12}));
  EXPECT_TRUE(parse_watched("pos:\t0\n").empty());
  EXPECT_TRUE(parse_watched("tfd:").empty());
}

}  // namespace
}  // namespace rtprof::kernel
