/* A native agent of a JVM (-agentpath:LIBRARY=plain|siginfo) with a handler of its own for SIGURG, which a
 * thread sends itself every 10 ms. Each 100 ms prints how many were sent, how many of them the handler did
 * not get, how many it got that nobody here had sent, whose handler there is, and how often it has become
 * another's. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile int seen;

static void on_plain(int signal) {
  (void)signal;
  __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
}

static void on_siginfo(int signal, siginfo_t* info, void* context) {
  if (signal == SIGURG && info->si_signo == SIGURG && context != NULL)
    __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
}

static int is_own(void) {
  struct sigaction now;
  sigaction(SIGURG, NULL, &now);
  return now.sa_handler == on_plain || now.sa_sigaction == on_siginfo;
}

/* One that comes while another is pending is lost, as all standard signals are: so it is sent twice at most.
 */
static int is_got(int* sent) {
  for (int i = 0; i < 2; ++i) {
    int before = seen;
    pthread_kill(pthread_self(), SIGURG);
    ++*sent;
    if (seen != before) return 1;
    --*sent;
  }
  return 0;
}

static void* send_signals(void* unused) {
  int sent = 0, missed = 0, replaced = 0, was_own = 1;
  for (int i = 0;; ++i) {
    missed += !is_got(&sent);
    int own = is_own();
    replaced += was_own && !own;
    was_own = own;
    if (i % 10 == 0) {
      printf("sent %d missed %d strange %d handler %s replaced %d\n", sent + missed, missed, seen - sent,
             own ? "own" : "other", replaced);
      fflush(stdout);
    }
    usleep(10000);
  }
  return unused;
}

int Agent_OnLoad(void* vm, const char* options, void* reserved) {
  (void)vm;
  (void)reserved;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  if (strcmp(options, "siginfo") == 0) {
    action.sa_sigaction = on_siginfo;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
  } else {
    action.sa_handler = on_plain;
    action.sa_flags = SA_RESTART;
  }
  pthread_t thread;
  return sigaction(SIGURG, &action, NULL) != 0 || pthread_create(&thread, NULL, send_signals, NULL) != 0;
}
