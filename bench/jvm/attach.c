// Gives a command to a HotSpot JVM by its attach protocol, as asprof, jattach and jcmd do, and prints the
// answer.
//
// usage: attach PID COMMAND [ARG]...     up to three, as in `load LIBRARY true OPTIONS` and `jcmd
// Thread.print`
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { kArguments = 3, kPolls = 6000 };  // of 1 ms; the others look less often

static void fail(const char* what) {
  fprintf(stderr, "attach: %s: %s\n", what, strerror(errno));
  exit(1);
}

// The process's id in its own pid namespace: the last of the line NSpid.
static int innermost_pid(const char* pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%s/status", pid);
  FILE* status = fopen(path, "r");
  if (!status) fail(path);
  int inner = atoi(pid);
  while (fgets(line, sizeof line, status)) {
    if (!strncmp(line, "NSpid:", 6)) inner = atoi(strrchr(line, '\t') + 1);
  }
  fclose(status);
  return inner;
}

static int try_connect(const struct sockaddr_un* address) {
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(server, (const struct sockaddr*)address, sizeof *address) == 0) return server;
  close(server);
  return -1;
}

// Has the JVM start its thread that listens: it looks for this file when it gets SIGQUIT.
static int wake_listener(const char* pid, int inner, const struct sockaddr_un* address) {
  char file[64];
  snprintf(file, sizeof file, "/proc/%s/cwd/.attach_pid%d", pid, inner);
  int made = open(file, O_CREAT | O_WRONLY, 0600);
  if (made < 0) {
    snprintf(file, sizeof file, "/proc/%s/root/tmp/.attach_pid%d", pid, inner);
    made = open(file, O_CREAT | O_WRONLY, 0600);
  }
  if (made < 0) fail(file);
  close(made);
  if (kill(atoi(pid), SIGQUIT)) fail("kill");
  int server = -1;
  for (int i = 0; i < kPolls && server < 0; ++i) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    server = try_connect(address);
  }
  unlink(file);
  return server;
}

static void send_word(int server, const char* word) {
  if (write(server, word, strlen(word) + 1) < 0) fail("write");
}

int main(int count, char** words) {
  if (count < 3 || count > 3 + kArguments) return 2;
  int inner = innermost_pid(words[1]);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/%s/root/tmp/.java_pid%d", words[1], inner);
  int server = try_connect(&address);
  if (server < 0) server = wake_listener(words[1], inner, &address);
  if (server < 0) fail("connect");
  send_word(server, "1");  // the protocol's version
  for (int i = 0; i <= kArguments; ++i) send_word(server, i + 2 < count ? words[i + 2] : "");
  char answer[65536];
  ssize_t size, total = 0;
  char status = '1';
  while ((size = read(server, answer, sizeof answer)) > 0) {
    if (total == 0) status = answer[0];
    total += size;
    fwrite(answer, 1, (size_t)size, stdout);
  }
  return status == '0' ? 0 : 1;
}
