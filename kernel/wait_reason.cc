#include "kernel/wait_reason.h"

#include <sys/stat.h>

#include <algorithm>

namespace rtprof::kernel {
namespace {

struct FunctionRule {
  std::string_view function;  // a trailing * stands for anything
  Waits waits;
  // Of Linux that have it, as far as is known. Those of 6.18 were looked up in its symbols, and the stacks of
  // the tests were seen there.
  std::string_view versions;
};

// A fault decides wherever it is on the stack: what it waits for, most often a disk, is how the page comes.
constexpr FunctionRule kFaults[] = {
    {"asm_exc_page_fault", Waits::kForPage, "5.8-"},
    {"exc_page_fault", Waits::kForPage, "5.8-"},
    {"do_user_addr_fault", Waits::kForPage, "5.2-"},
    {"handle_mm_fault", Waits::kForPage,
     "2.6-"},  // also from get_user_pages, where no exception is on the stack
    {"handle_userfault", Waits::kForPage, "4.3-"},
};

// The function nearest to the leaf that has a rule decides. Functions of the scheduler (schedule_timeout,
// io_schedule, mutex_lock, …) are not on the stacks: the kernel leaves them out.
constexpr FunctionRule kFunctions[] = {
    {"futex_*", Waits::kForLock, "2.6-"},  // futex_wait_queue(_me), futex_do_wait, futex_lock_pi
    {"__futex_*", Waits::kForLock, "5.16-"},
    {"do_futex", Waits::kForLock, "2.6-"},
    {"flock_*", Waits::kForLock, "2.6-"},
    {"fcntl_setlk*", Waits::kForLock, "2.6-"},
    {"*lock_inode_wait", Waits::kForLock, "4.4-"},  // locks_, flock_, posix_
    {"__break_lease", Waits::kForLock, "2.6-"},
    {"do_semtimedop", Waits::kForLock, "2.6-"},
    {"__do_semtimedop", Waits::kForLock, "5.16-"},
    {"percpu_rwsem_wait", Waits::kForLock, "5.7-"},
    {"rt_mutex_*", Waits::kForLock, "2.6-"},

    {"hrtimer_nanosleep", Waits::kForTime, "2.6-"},
    {"do_nanosleep", Waits::kForTime, "2.6-"},
    {"common_nsleep*", Waits::kForTime, "2.6-"},
    {"alarm_timer_nsleep", Waits::kForTime, "3.0-"},
    {"posix_cpu_nsleep", Waits::kForTime, "2.6-"},
    {"msleep*", Waits::kForTime, "2.6-"},
    {"timerfd_read*", Waits::kForTime, "2.6-"},

    {"do_wait", Waits::kForChild, "2.6-"},
    {"__do_wait", Waits::kForChild, "6.6-"},
    {"kernel_wait4", Waits::kForChild, "4.14-"},
    {"kernel_waitid*", Waits::kForChild, "4.14-"},
    {"wait_for_vfork_done", Waits::kForChild, "2.6-"},
    {"kernel_clone", Waits::kForChild, "5.10-"},  // vfork, where wait_for_vfork_done is inlined

    {"pipe_*", Waits::kForPipe, "2.6-"},  // pipe_read, pipe_write, pipe_wait, pipe_wait_readable
    {"anon_pipe_*", Waits::kForPipe, "6.15-"},
    {"fifo_open", Waits::kForPipe, "2.6-"},
    {"fifo_pipe_*", Waits::kForPipe, "6.15-"},
    {"wait_for_partner", Waits::kForPipe, "2.6-"},
    {"ipipe_prep*", Waits::kForPipe, "2.6-"},
    {"opipe_prep*", Waits::kForPipe, "2.6-"},

    {"do_sys_poll", Waits::kForPolled, "2.6-"},
    {"do_poll*", Waits::kForPolled, "2.6-"},
    {"do_select", Waits::kForPolled, "2.6-"},
    {"poll_schedule_timeout*", Waits::kForPolled, "2.6-"},
    {"ep_poll", Waits::kForEpoll, "2.6-"},
    {"do_epoll_wait", Waits::kForEpoll, "4.16-"},

    {"sk_*", Waits::kForNetwork, "2.6-"},  // sk_wait_data, sk_stream_wait_memory
    {"__sk_*", Waits::kForNetwork, "2.6-"},
    {"sock_*", Waits::kForNetwork, "2.6-"},  // sock_alloc_send_pskb, sock_recvmsg
    {"lock_sock_nested", Waits::kForNetwork, "2.6-"},
    {"__lock_sock", Waits::kForNetwork, "2.6-"},
    {"skb_*", Waits::kForNetwork, "2.6-"},
    {"__skb_*", Waits::kForNetwork, "2.6-"},  // __skb_wait_for_more_packets
    {"inet_*", Waits::kForNetwork, "2.6-"},   // inet_csk_accept, inet_wait_for_connect
    {"__inet_*", Waits::kForNetwork, "2.6-"},
    {"inet6_*", Waits::kForNetwork, "2.6-"},
    {"tcp_*", Waits::kForNetwork, "2.6-"},
    {"udp_*", Waits::kForNetwork, "2.6-"},
    {"__udp_*", Waits::kForNetwork, "4.12-"},
    {"udpv6_*", Waits::kForNetwork, "2.6-"},
    {"raw_recvmsg", Waits::kForNetwork, "2.6-"},
    {"unix_*", Waits::kForNetwork, "2.6-"},  // unix_stream_data_wait, unix_wait_for_peer
    {"__unix_*", Waits::kForNetwork, "5.12-"},
    {"netlink_*", Waits::kForNetwork, "2.6-"},
    {"packet_*", Waits::kForNetwork, "2.6-"},
    {"vsock_*", Waits::kForNetwork, "3.9-"},
    {"__vsock_*", Waits::kForNetwork, "5.6-"},
    {"sctp_*", Waits::kForNetwork, "2.6-"},
    {"mptcp_*", Waits::kForNetwork, "5.6-"},
    {"tls_*", Waits::kForNetwork, "4.13-"},
    {"bt_sock_*", Waits::kForNetwork, "2.6-"},

    {"io_schedule*", Waits::kForDisk, "2.6-"},
    {"folio_*", Waits::kForDisk, "5.16-"},  // folio_wait_bit_common, folio_wait_writeback
    {"__folio_*", Waits::kForDisk, "5.16-"},
    {"wait_on_page_*", Waits::kForDisk, "2.6-"},
    {"filemap_*", Waits::kForDisk, "2.6-"},
    {"__filemap_*", Waits::kForDisk, "2.6-"},
    {"generic_file_*", Waits::kForDisk, "2.6-"},
    {"__wait_on_buffer", Waits::kForDisk, "2.6-"},
    {"blk_*", Waits::kForDisk, "2.6-"},  // blk_mq_get_tag, blk_io_schedule
    {"__blk_*", Waits::kForDisk, "2.6-"},
    {"blkdev_*", Waits::kForDisk, "2.6-"},
    {"__blkdev_*", Waits::kForDisk, "2.6-"},
    {"submit_bio_wait", Waits::kForDisk, "2.6-"},
    {"iomap_*", Waits::kForDisk, "4.8-"},
    {"rq_qos_wait", Waits::kForDisk, "5.0-"},
    {"wbt_wait", Waits::kForDisk, "4.10-"},
    {"balance_dirty_pages*", Waits::kForDisk, "2.6-"},
    {"wb_wait_*", Waits::kForDisk, "2.6-"},
    {"sync_inodes_sb", Waits::kForDisk, "2.6-"},
    {"vfs_fsync_range", Waits::kForDisk, "2.6-"},
    {"jbd2_*", Waits::kForDisk, "2.6-"},
    {"__jbd2_*", Waits::kForDisk, "2.6-"},
    {"ext2_*", Waits::kForDisk, "2.6-"},
    {"ext4_*", Waits::kForDisk, "2.6-"},
    {"__ext4_*", Waits::kForDisk, "2.6-"},
    {"xfs_*", Waits::kForDisk, "2.6-"},
    {"xlog_*", Waits::kForDisk, "2.6-"},
    {"btrfs_*", Waits::kForDisk, "2.6-"},
    {"f2fs_*", Waits::kForDisk, "3.8-"},
    {"ovl_*", Waits::kForDisk, "3.18-"},
    {"fuse_*", Waits::kForDisk, "2.6-"},
    {"__fuse_*", Waits::kForDisk, "2.6-"},
    {"request_wait_answer", Waits::kForDisk, "2.6-"},  // fuse
    {"nfs*", Waits::kForDisk, "2.6-"},
    {"rpc_wait_bit_killable", Waits::kForDisk, "2.6-"},  // nfs
    {"cifs_*", Waits::kForDisk, "2.6-"},
    {"smb2_*", Waits::kForDisk, "3.5-"},
    {"ceph_*", Waits::kForDisk, "2.6-"},
    {"p9_client_rpc", Waits::kForDisk, "2.6-"},
    {"swap_*", Waits::kForDisk, "2.6-"},
    {"dm_*", Waits::kForDisk, "2.6-"},
    {"nvme_*", Waits::kForDisk, "3.3-"},
    {"read_events", Waits::kForDisk, "2.6-"},  // io_getevents

    {"do_sched_yield", Waits::kForCpu, "4.19-"},

    {"do_signal_stop", Waits::kForOther, "2.6-"},
    {"ptrace_stop", Waits::kForOther, "2.6-"},
    {"do_sigtimedwait*", Waits::kForOther, "2.6-"},
    {"sigsuspend", Waits::kForOther, "2.6-"},
    {"io_cqring_wait*", Waits::kForOther, "5.1-"},
    {"eventfd_read", Waits::kForOther, "2.6-"},
    {"signalfd_*", Waits::kForOther, "2.6-"},
    {"inotify_read", Waits::kForOther, "2.6-"},
    {"n_tty_read", Waits::kForOther, "2.6-"},
    {"do_msgrcv", Waits::kForOther, "2.6-"},
    {"do_msgsnd", Waits::kForOther, "2.6-"},
    {"wq_sleep", Waits::kForOther, "2.6-"},  // POSIX message queues
    // Interrupted in user mode, and neither by a fault nor in a system call.
    {"irqentry_exit*", Waits::kForOther, "5.8-"},
    {"exit_to_user_mode_*", Waits::kForOther, "5.8-"},
    {"asm_sysvec_*", Waits::kForOther, "5.8-"},
    {"asm_common_interrupt", Waits::kForOther, "5.8-"},
};

struct SyscallRule {
  uint32_t number;  // arch/x86/entry/syscalls/syscall_64.tbl
  Waits waits;
};

// By number.
constexpr SyscallRule kSyscalls[] = {
    {0, Waits::kForFile},       // read
    {1, Waits::kForFile},       // write
    {2, Waits::kForDisk},       // open
    {3, Waits::kForDisk},       // close
    {4, Waits::kForDisk},       // stat
    {6, Waits::kForDisk},       // lstat
    {7, Waits::kForPolled},     // poll
    {17, Waits::kForFile},      // pread64
    {18, Waits::kForFile},      // pwrite64
    {19, Waits::kForFile},      // readv
    {20, Waits::kForFile},      // writev
    {21, Waits::kForDisk},      // access
    {23, Waits::kForPolled},    // select
    {26, Waits::kForDisk},      // msync
    {35, Waits::kForTime},      // nanosleep
    {40, Waits::kForFile},      // sendfile
    {42, Waits::kForNetwork},   // connect
    {43, Waits::kForNetwork},   // accept
    {44, Waits::kForNetwork},   // sendto
    {45, Waits::kForNetwork},   // recvfrom
    {46, Waits::kForNetwork},   // sendmsg
    {47, Waits::kForNetwork},   // recvmsg
    {48, Waits::kForNetwork},   // shutdown
    {56, Waits::kForChild},     // clone, with CLONE_VFORK
    {58, Waits::kForChild},     // vfork
    {59, Waits::kForDisk},      // execve
    {61, Waits::kForChild},     // wait4
    {65, Waits::kForLock},      // semop
    {72, Waits::kForLock},      // fcntl
    {73, Waits::kForLock},      // flock
    {74, Waits::kForDisk},      // fsync
    {75, Waits::kForDisk},      // fdatasync
    {76, Waits::kForDisk},      // truncate
    {77, Waits::kForDisk},      // ftruncate
    {78, Waits::kForDisk},      // getdents
    {82, Waits::kForDisk},      // rename
    {83, Waits::kForDisk},      // mkdir
    {84, Waits::kForDisk},      // rmdir
    {85, Waits::kForDisk},      // creat
    {87, Waits::kForDisk},      // unlink
    {89, Waits::kForDisk},      // readlink
    {162, Waits::kForDisk},     // sync
    {187, Waits::kForDisk},     // readahead
    {202, Waits::kForLock},     // futex
    {208, Waits::kForDisk},     // io_getevents
    {217, Waits::kForDisk},     // getdents64
    {220, Waits::kForLock},     // semtimedop
    {221, Waits::kForDisk},     // fadvise64
    {230, Waits::kForTime},     // clock_nanosleep
    {232, Waits::kForEpoll},    // epoll_wait
    {247, Waits::kForChild},    // waitid
    {257, Waits::kForDisk},     // openat
    {262, Waits::kForDisk},     // newfstatat
    {263, Waits::kForDisk},     // unlinkat
    {269, Waits::kForDisk},     // faccessat
    {270, Waits::kForPolled},   // pselect6
    {271, Waits::kForPolled},   // ppoll
    {275, Waits::kForFile},     // splice
    {277, Waits::kForDisk},     // sync_file_range
    {281, Waits::kForEpoll},    // epoll_pwait
    {285, Waits::kForDisk},     // fallocate
    {288, Waits::kForNetwork},  // accept4
    {295, Waits::kForFile},     // preadv
    {296, Waits::kForFile},     // pwritev
    {299, Waits::kForNetwork},  // recvmmsg
    {306, Waits::kForDisk},     // syncfs
    {307, Waits::kForNetwork},  // sendmmsg
    {316, Waits::kForDisk},     // renameat2
    {322, Waits::kForDisk},     // execveat
    {326, Waits::kForDisk},     // copy_file_range
    {327, Waits::kForFile},     // preadv2
    {328, Waits::kForFile},     // pwritev2
    {332, Waits::kForDisk},     // statx
    {333, Waits::kForDisk},     // io_pgetevents
    {435, Waits::kForChild},    // clone3, with CLONE_VFORK
    {437, Waits::kForDisk},     // openat2
    {441, Waits::kForEpoll},    // epoll_pwait2
    {449, Waits::kForLock},     // futex_waitv
    {455, Waits::kForLock},     // futex_wait
    {456, Waits::kForLock},     // futex_requeue
};

constexpr uint32_t kIoUringEnter = 426;

bool matches(std::string_view pattern, std::string_view function) {
  if (pattern.front() == '*') return function.ends_with(pattern.substr(1));
  if (pattern.back() == '*') return function.starts_with(pattern.substr(0, pattern.size() - 1));
  // What the compiler made of a function has its name and a suffix: do_wait.part.0
  return function.substr(0, function.find('.')) == pattern;
}

std::optional<Waits> rule_of(std::span<const FunctionRule> rules, std::string_view function) {
  auto rule = std::find_if(rules.begin(), rules.end(),
                           [&](const FunctionRule& each) { return matches(each.function, function); });
  return rule == rules.end() ? std::nullopt : std::optional(rule->waits);
}

Reason reason_of(Waits waits, const rt_wait_site& site, const EpollKinds& epoll_kinds) {
  switch (waits) {
    case Waits::kForLock:
      return Reason::kLock;
    case Waits::kForTime:
      return Reason::kSleep;
    case Waits::kForDisk:
      return Reason::kDisk;
    case Waits::kForNetwork:
      return Reason::kNetwork;
    case Waits::kForPipe:
      return Reason::kPipe;
    case Waits::kForChild:
      return Reason::kChild;
    case Waits::kForPage:
      return Reason::kFault;
    case Waits::kForCpu:
      return Reason::kRunnable;
    case Waits::kForOther:
      return Reason::kOther;
    case Waits::kForFile:
      return reason_of_file(site.file);
    case Waits::kForPolled:
      return (site.flags & RT_WAIT_POLLED_KNOWN) != 0 ? reason_of_polled(site.polled) : Reason::kOther;
    case Waits::kForEpoll: {
      auto kinds = epoll_kinds ? epoll_kinds(site.argument) : std::nullopt;
      return kinds ? reason_of_polled(*kinds) : Reason::kOther;
    }
  }
  return Reason::kOther;
}

}  // namespace

std::optional<Waits> waits_of_functions(std::span<const std::string_view> leaf_first) {
  std::optional<Waits> waits;
  for (std::string_view function : leaf_first) {
    if (rule_of(kFaults, function)) return Waits::kForPage;
    if (!waits) waits = rule_of(kFunctions, function);
  }
  return waits;
}

Waits waits_of_syscall(uint32_t number) {
  const auto* rule =
      std::lower_bound(std::begin(kSyscalls), std::end(kSyscalls), number,
                       [](const SyscallRule& each, uint32_t wanted) { return each.number < wanted; });
  return rule != std::end(kSyscalls) && rule->number == number ? rule->waits : Waits::kForOther;
}

Reason reason_of_file(uint32_t kind) {
  if (kind == RT_FILE_KIND(S_IFSOCK)) return Reason::kNetwork;
  if (kind == RT_FILE_KIND(S_IFIFO)) return Reason::kPipe;
  bool stored =
      kind == RT_FILE_KIND(S_IFREG) || kind == RT_FILE_KIND(S_IFDIR) || kind == RT_FILE_KIND(S_IFBLK);
  return stored ? Reason::kDisk : Reason::kOther;
}

Reason reason_of_polled(uint32_t kinds) {
  if (kinds == 0) return Reason::kSleep;
  if ((kinds & RT_FILE_KIND(S_IFSOCK)) != 0) return Reason::kNetwork;
  return (kinds & RT_FILE_KIND(S_IFIFO)) != 0 ? Reason::kPipe : Reason::kOther;
}

Reason reason_of_wait(const rt_wait_site& site, std::optional<Waits> functions,
                      const EpollKinds& epoll_kinds) {
  if ((site.flags & RT_WAIT_STOPPED) != 0) return Reason::kOther;
  // Outside of a system call only a fault can bring a page from a disk.
  if (site.syscall == RT_NO_SYSCALL && functions.value_or(Waits::kForDisk) == Waits::kForDisk)
    return Reason::kFault;
  if (functions) return reason_of(*functions, site, epoll_kinds);
  // io_uring counts its waits as I/O, whatever it waits for.
  if ((site.flags & RT_WAIT_IO) != 0 && site.syscall != kIoUringEnter) return Reason::kDisk;
  return reason_of(waits_of_syscall(site.syscall), site, epoll_kinds);
}

}  // namespace rtprof::kernel
