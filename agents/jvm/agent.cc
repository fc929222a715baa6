// The library that rtprof loads into a JVM: its entry point, and the thread that serves one rtprof.
//
// Once loaded a library cannot be unloaded safely, so it stays, and does nothing until it is loaded again.

#include <jni.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <cstring>

#include "agents/channel.h"
#include "agents/jvm/allocations.h"
#include "agents/jvm/start.h"
#include "agents/options.h"

// The name that libc had for it before 2.34, and that newer ones have, too.
__asm__(".symver pthread_create,pthread_create@GLIBC_2.2.5");

namespace rtprof::agents::jvm {
namespace {

constexpr int kStartTimeoutMs = 5000;

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

Answer start(const Start& wanted, const int (&descriptors)[2]) {
  AsJavaThread attached(server.vm);
  if (attached.jni() != nullptr)
    return server.allocations.start(server.vm, attached.jni(), wanted, descriptors[0], descriptors[1]);
  for (int each : descriptors) ::close(each);
  Answer answer;
  answer.refusal = Refusal::kFailed;
  std::snprintf(answer.text, sizeof answer.text, "the JVM takes no more threads");
  return answer;
}

void serve_until_the_end() {
  Hello hello;
  hello.secret = server.secret;
  hello.pid = ::getpid();
  Start wanted;
  int descriptors[2];
  if (!server.channel.send(&hello, sizeof hello)) return;
  if (!server.channel.receive(&wanted, sizeof wanted, descriptors, kStartTimeoutMs)) return;
  if (!is_valid(wanted, server.secret)) {
    for (int each : descriptors) ::close(each);
    return;
  }
  Answer answer = start(wanted, descriptors);
  bool runs = answer.refusal == Refusal::kNone;
  if (server.channel.send(&answer, sizeof answer) && runs) server.channel.wait_for_end();
  if (!runs) return;
  AsJavaThread attached(server.vm);
  server.allocations.stop();
}

void* serve(void*) {
  serve_until_the_end();
  server.channel.close();
  server.busy.store(false);
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
  Hello hello;
  hello.secret = options.secret;
  hello.pid = ::getpid();
  Answer answer;
  answer.refusal = Refusal::kOccupied;
  std::snprintf(answer.text, sizeof answer.text, "another rtprof records this JVM");
  if (channel.send(&hello, sizeof hello)) channel.send(&answer, sizeof answer);
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
