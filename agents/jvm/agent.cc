// The library that rtprof loads into a JVM: its entry point, and the thread that serves one rtprof.
//
// Once loaded a library cannot be unloaded safely, so it stays, and does nothing until it is loaded again.

#include <jni.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>

#include "agents/channel.h"
#include "agents/jvm/allocations.h"
#include "agents/jvm/start.h"
#include "agents/options.h"

// The names that libc had for them before 2.34, and that newer ones have, too.
__asm__(".symver pthread_create,pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_attr_setstacksize,pthread_attr_setstacksize@GLIBC_2.2.5");

namespace rtprof::agents::jvm {
namespace {

constexpr int kStartTimeoutMs = 5000;
// HotSpot's own pages at the end of the stack of a thread that it knows are among it.
constexpr size_t kServerStackBytes = 1 << 20;
constexpr useconds_t kBetweenTriesUs = 100'000;
constexpr int kTries = 600;

// What serves the rtprof of the moment; one at a time.
struct Server {
  std::atomic<bool> busy = false;
  JavaVM* vm = nullptr;
  Channel channel;
  Secret secret;
  Allocations allocations;
};
Server server;

// While a thread is one of Java's. Not for long: the program sees it among its threads.
class AsJavaThread {
 public:
  explicit AsJavaThread(JavaVM* vm) : vm_(vm) {
    char name[] = "rtprof";
    JavaVMAttachArgs arguments{JNI_VERSION_1_6, name, nullptr};
    if (vm->AttachCurrentThreadAsDaemon(reinterpret_cast<void**>(&jni_), &arguments) != JNI_OK)
      jni_ = nullptr;
  }
  ~AsJavaThread() {
    if (jni_ != nullptr) vm_->DetachCurrentThread();
  }
  AsJavaThread(const AsJavaThread&) = delete;
  AsJavaThread& operator=(const AsJavaThread&) = delete;

  JNIEnv* jni() const { return jni_; }

 private:
  JavaVM* vm_;
  JNIEnv* jni_ = nullptr;
};

Answer failed(const char* what) {
  Answer answer;
  answer.refusal = Refusal::kFailed;
  std::snprintf(answer.text, sizeof answer.text, "%s", what);
  return answer;
}

void close_both(const int (&descriptors)[2]) {
  for (int each : descriptors) ::close(each);
}

Answer start(const Start& wanted, const int (&descriptors)[2]) {
  AsJavaThread attached(server.vm);
  if (attached.jni() != nullptr)
    return server.allocations.start(server.vm, attached.jni(), wanted, descriptors[0], descriptors[1]);
  close_both(descriptors);
  return failed("the JVM takes no more threads");
}

void stop() {
  server.allocations.end_recording();
  // Where memory is short it may take a while until the JVM takes a thread; one that is gone takes none.
  for (int i = 0; i < kTries; ++i) {
    AsJavaThread attached(server.vm);
    if (attached.jni() != nullptr) return server.allocations.stop_sampling();
    ::usleep(kBetweenTriesUs);
  }
}

bool say_hello(const Channel& channel, const Secret& secret) {
  Hello hello;
  hello.secret = secret;
  hello.pid = ::getpid();
  return channel.send(&hello, sizeof hello);
}

void serve_until_the_end() {
  Start wanted;
  int descriptors[2];
  if (!say_hello(server.channel, server.secret)) return;
  Answer answer;
  if (!server.channel.receive(&wanted, sizeof wanted, descriptors, kStartTimeoutMs)) {
    answer = failed("the agent got no ring: the process may have no descriptor left");
  } else if (!is_valid(wanted, server.secret)) {
    close_both(descriptors);
    answer = failed("the agent is told what makes no sense");
  } else {
    answer = start(wanted, descriptors);
  }
  bool runs = answer.refusal == Refusal::kNone;
  Knowledge knowledge;
  bool goes_on = server.channel.send(&answer, sizeof answer) && runs;
  while (goes_on && server.channel.receive(&knowledge, sizeof knowledge)) {
    if (is_valid(knowledge, server.secret)) server.allocations.know(knowledge.chunks);
  }
  if (runs) stop();
}

void* serve(void*) {
  ::prctl(PR_SET_NAME, "rtprof-agent");
  serve_until_the_end();
  // In this order: who sees the one closed may want the other.
  Channel channel = server.channel;
  server.channel = Channel();
  server.busy.store(false);
  channel.close();
  return nullptr;
}

// With no signal of the program's: those are for its own threads. sigprocmask() is the thread's own mask, as
// Linux has it, and as old as can be.
bool start_thread() {
  sigset_t all, before;
  ::sigfillset(&all);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_attr_setstacksize(&attributes, kServerStackBytes);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  bool started = ::pthread_create(&thread, &attributes, serve, nullptr) == 0;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  return started;
}

// To a second rtprof.
void refuse(const Options& options) {
  Channel channel;
  if (!channel.connect(options.path)) return;
  Answer answer;
  answer.refusal = Refusal::kOccupied;
  std::snprintf(answer.text, sizeof answer.text, "another rtprof records this JVM");
  if (say_hello(channel, options.secret)) channel.send(&answer, sizeof answer);
  channel.close();
}

}  // namespace
}  // namespace rtprof::agents::jvm

extern "C" __attribute__((visibility("default"))) JNIEXPORT jint JNICALL Agent_OnAttach(JavaVM* vm,
                                                                                        char* text, void*) {
  using namespace rtprof::agents;  // NOLINT(google-build-using-namespace)
  using jvm::server;
  Options options;
  if (text == nullptr || !parse_options(text, options)) return JNI_EINVAL;
  if (server.busy.exchange(true)) {
    jvm::refuse(options);
    return JNI_OK;
  }
  server.vm = vm;
  server.secret = options.secret;
  bool started = server.channel.connect(options.path) && jvm::start_thread();
  if (!started) {
    server.channel.close();
    server.busy.store(false);
  }
  return started ? JNI_OK : JNI_ERR;
}
