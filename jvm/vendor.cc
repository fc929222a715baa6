#include "jvm/vendor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/base/file.h"

namespace rtprof::jvm {
namespace {

constexpr size_t kLongestRelease = 64 << 10;
// libjvm.so is in lib/server of the JDK's root, in JDK 8's in jre/lib/amd64/server.
constexpr int kMostLevels = 5;

// The value of NAME="value".
std::optional<std::string_view> value_of(std::string_view release, std::string_view name) {
  while (!release.empty()) {
    std::string_view line = release.substr(0, release.find('\n'));
    release.remove_prefix(std::min(line.size() + 1, release.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with("=\"")) continue;
    std::string_view value = line.substr(name.size() + 2);
    return value.substr(0, value.find('"'));
  }
  return std::nullopt;
}

std::optional<std::string> read_release(const std::string& path) {
  UniqueFd fd = open_regular(path, O_NOFOLLOW);
  if (!fd.valid()) return std::nullopt;
  std::string text(kLongestRelease, '\0');
  ssize_t got = ::read(fd.get(), text.data(), text.size());
  if (got <= 0) return std::nullopt;
  text.resize(static_cast<size_t>(got));
  return text;
}

bool is_same_file(const std::string& one, const std::string& other) {
  struct stat first {};
  struct stat second {};
  bool exist = ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0;
  return exist && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Of the JDK that a file is of.
std::string vendor_above(const std::string& libjvm) {
  std::string_view directory = libjvm;
  for (int level = 0; level < kMostLevels && directory.find('/') != std::string_view::npos; ++level) {
    directory = directory.substr(0, directory.rfind('/'));
    auto release = read_release(std::string(directory) + "/release");
    auto vendor = release ? vendor_in(*release) : std::nullopt;
    if (vendor) return *vendor;
  }
  return "";
}

}  // namespace

std::optional<std::string> vendor_in(std::string_view release) {
  auto vendor = value_of(release, "IMPLEMENTOR");
  return vendor && !vendor->empty() ? std::optional<std::string>(*vendor) : std::nullopt;
}

// The kernel tells a path as seen from our root where it can be reached from there (a chroot), else as seen
// from the process's.
std::string vendor_of(const Process& process, const Module& libjvm) {
  for (const std::string& path : {process.path_in_root(libjvm.path), libjvm.path}) {
    if (is_same_file(path, libjvm.readable_path)) return vendor_above(path);
  }
  return "";
}

}  // namespace rtprof::jvm
