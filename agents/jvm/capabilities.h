#pragma once

#include <jvmti.h>

#include <cstddef>
#include <cstdint>

namespace rtprof::agents::jvm {

// can_support_virtual_threads of JDK 21, unknown to older headers: the bit after that of sampled allocations.
// Without it virtual threads have no events.
constexpr size_t kVirtualThreadsBit = 44;

inline bool supports_virtual_threads(const jvmtiCapabilities& potential) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&potential);
  return (bytes[kVirtualThreadsBit / 8] >> kVirtualThreadsBit % 8 & 1) != 0;
}

inline void set_virtual_threads(jvmtiCapabilities& capabilities) {
  auto* bytes = reinterpret_cast<uint8_t*>(&capabilities);
  bytes[kVirtualThreadsBit / 8] |= static_cast<uint8_t>(1 << kVirtualThreadsBit % 8);
}

}  // namespace rtprof::agents::jvm
