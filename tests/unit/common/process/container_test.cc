#include "common/process/container.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace rtprof {
namespace {

const std::string kId = "3f2a9c1b7d5500112233445566778899aabbccddeeff00112233445566778899";

TEST(Container, IdsOfEveryEngine) {
  for (const std::string& path : {
           "/docker/" + kId,
           "/system.slice/docker-" + kId + ".scope",
           "/kubepods/besteffort/pod1f2e3d4c-0000-1111-2222-333344445555/" + kId,
           "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/cri-containerd-" + kId +
               ".scope",
           "/kubepods.slice/crio-" + kId + ".scope/container",
           "/machine.slice/libpod-" + kId + ".scope",
       }) {
    EXPECT_EQ(container_in_cgroup("0::" + path + "\n"), "3f2a9c1b7d55") << path;
    EXPECT_EQ(container_in_cgroup("12:pids:/\n11:cpu,cpuacct:" + path + "\n0::/\n"), "3f2a9c1b7d55") << path;
  }
}

TEST(Container, NamesOfOthers) {
  EXPECT_EQ(container_in_cgroup("0::/lxc.payload.web/system.slice/x.service"), "web");
  EXPECT_EQ(container_in_cgroup("4:memory:/lxc/web\n"), "web");
  EXPECT_EQ(container_in_cgroup("0::/machine.slice/systemd-nspawn@web.service/payload\n"), "web");
  EXPECT_EQ(container_in_cgroup("0::/machine.slice/machine-web.scope\n"), "web");
}

TEST(Container, NoContainer) {
  for (const char* text : {"", "\n", "0::/", "0::/user.slice/user-1000.slice/session-2.scope", "no colons",
                           "0::/system.slice/abcdef0123456789.service"}) {
    EXPECT_EQ(container_in_cgroup(text), "") << text;
  }
  // One digit too many is no id.
  EXPECT_EQ(container_in_cgroup("0::/docker/" + kId + "0"), "");
}

TEST(Container, WeAreInNone) {
  EXPECT_EQ(container_of(::getpid()), "");
}

}  // namespace
}  // namespace rtprof
