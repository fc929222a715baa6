#include "common/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>

#include "common/base/error.h"

namespace rtprof {
namespace {

Failure failed(const std::string& what, int error) {
  return Failure{what + ": " + errno_text(error), error};
}

// Removes a temporary file unless it was renamed into place.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

bool is_special_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

Result<bool> write_directly(const std::string& path, const Fill& fill) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return failed("cannot open " + path, errno);
  return write_all(fd.get(), fill);
}

}  // namespace

UniqueFd open_regular(const std::string& path, int more_flags) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | more_flags));
  struct stat info {};
  if (fd.valid() && (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))) fd.reset();
  return fd;
}

Result<std::string> read_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return failed("cannot open " + path, errno);
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read " + path, errno);
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(got));
  }
}

Result<bool> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Result<bool> write_all(int fd, const Fill& fill) {
  FdSink sink(fd);
  if (auto filled = fill(sink); !filled) return filled.failure();
  return sink.finish();
}

Result<bool> write_file_atomically(const std::string& path, const Fill& fill) {
  if (is_special_file(path)) return write_directly(path, fill);
  std::string temporary = path + ".XXXXXX";
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return failed("cannot create a file beside " + path, errno);
  TemporaryFile guard(temporary);
  // mkostemp makes the file private; a profile gets the permissions of any file its user writes.
  mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd.get(), 0666 & ~mask);
  if (auto written = write_all(fd.get(), fill); !written) return written.failure();
  if (::close(fd.release()) != 0) return failed("cannot write " + temporary, errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot rename to " + path, errno);
  guard.keep();
  return true;
}

std::optional<int> read_number(const std::string& path) {
  auto text = read_file(path);
  int value = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc()) {
    return std::nullopt;
  }
  return value;
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target;
  ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<size_t>(length));
}

}  // namespace rtprof
