#include "cli/child.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/base/error.h"
#include "common/base/fd.h"

namespace rtprof::cli {

Child::Child(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // Closed by a successful exec; carries errno otherwise.
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(ExitCode::kFailed, "cannot make a pipe");
  UniqueFd report(ends[0]);
  UniqueFd failure(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) throw Error(ExitCode::kFailed, "cannot start a process: " + errno_text(errno));
  if (pid_ == 0) {
    ::execvp(arguments[0], arguments.data());
    int error = errno;
    [[maybe_unused]] ssize_t written = ::write(failure.get(), &error, sizeof error);
    ::_exit(127);
  }
  failure.reset();
  int error = 0;
  if (::read(report.get(), &error, sizeof error) == sizeof error) {
    wait();
    throw Error(ExitCode::kFailed, fmt::format("cannot run {}: {}", command.front(), errno_text(error)),
                "give the program after --, as a path or as a name in PATH");
  }
}

bool Child::ended() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid_;
}

int Child::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace rtprof::cli
