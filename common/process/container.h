#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace rtprof {

// What the container of a process is called, by its control group: the first 12 digits of the id that docker,
// containerd, cri-o and podman give, the name of an lxc or systemd-nspawn one. Empty when it names none.
// `cgroup` is the content of /proc/PID/cgroup.
std::string container_in_cgroup(std::string_view cgroup);

// The same for a live process; "pid:N" for one without a name that has a pid namespace of its own, N being
// its inode number. Empty for what runs beside us.
std::string container_of(pid_t pid);

}  // namespace rtprof
