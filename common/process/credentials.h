#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rtprof {

// Numbers of linux/capability.h.
enum class Capability : uint8_t {
  kSysPtrace = 19,
  kSysAdmin = 21,
  kSyslog = 34,
  kPerfmon = 38,
  kBpf = 39,
};

// Who a process runs as and what it may do, from /proc/PID/status.
struct Credentials {
  uint32_t real_uid = 0;
  uint32_t effective_uid = 0;
  uint32_t saved_uid = 0;
  uint32_t real_gid = 0;
  uint32_t effective_gid = 0;
  uint32_t saved_gid = 0;
  uint64_t permitted = 0;  // bit n: capability n
  uint64_t effective = 0;

  bool has(Capability capability) const { return (effective >> static_cast<int>(capability) & 1) != 0; }
};

Credentials parse_credentials(std::string_view status);

// Nothing when the process is gone.
std::optional<Credentials> read_credentials(pid_t pid);
Credentials own_credentials();

// The name in /etc/passwd; the number where there is none. The program is static, so directory services are
// out of its reach.
std::string user_name(uint32_t uid);

}  // namespace rtprof
