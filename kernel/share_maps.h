#pragma once

#include <bpf/libbpf.h>

#include "kernel/bpf_sampler.h"

namespace rtprof::kernel {

// Before a walker's programs are loaded: lets the maps of its skeleton that sampler.bpf.h declares, and those
// of snapshots.bpf.h where it has them, be those of the entry programs.
template <typename Maps>
void share_maps(const Maps& own, const SharedMaps& shared) {
  bpf_map__reuse_fd(own.targets, shared.targets);
  bpf_map__reuse_fd(own.threads, shared.threads);
  bpf_map__reuse_fd(own.known_stacks, shared.known_stacks);
  bpf_map__reuse_fd(own.contexts, shared.contexts);
  bpf_map__reuse_fd(own.records, shared.records);
  bpf_map__reuse_fd(own.lost_records, shared.lost_records);
  if constexpr (requires { own.clock_snapshots; }) {
    bpf_map__reuse_fd(own.clock_snapshots, shared.clock_snapshots);
    bpf_map__reuse_fd(own.wait_snapshots, shared.wait_snapshots);
    bpf_map__reuse_fd(own.waker_snapshots, shared.waker_snapshots);
  }
}

}  // namespace rtprof::kernel
