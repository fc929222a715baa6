// The library that rtprof loads into a JVM: its entry point, and the thread that serves one rtprof.
//
// Once loaded a library cannot be unloaded safely, so it stays, and does nothing until it is loaded again.

#include <jni.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <optional>

#include "agents/channel.h"
#include "agents/jvm/allocations.h"
#include "agents/jvm/interrupts.h"
#include "agents/jvm/locks.h"
#include "agents/jvm/recording.h"
#include "agents/jvm/refused.h"
#include "agents/jvm/start.h"
#include "agents/options.h"
#include "agents/reads.h"

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
// How long it takes until what a collection has done is told.
constexpr int kBetweenSurveysMs = 100;
constexpr useconds_t kBetweenTellingsUs = 2000;
constexpr int kTellings = 200;

// What serves the rtprof of the moment; one at a time.
struct Server {
  std::atomic<bool> busy = false;
  JavaVM* vm = nullptr;
  Channel channel;
  Secret secret;
  uint32_t events = 0;
  Recording recording;
  Allocations allocations;
  Locks locks;
  Interrupts interrupts;
  Reads reads;
};
Server server;

// While a thread is one of Java's: the program sees it among its threads. One that is already is left as it
// is.
class AsJavaThread {
 public:
  explicit AsJavaThread(JavaVM* vm) : vm_(vm) {
    if (vm->GetEnv(reinterpret_cast<void**>(&jni_), JNI_VERSION_1_6) == JNI_OK) return;
    char name[] = "rtprof";
    JavaVMAttachArgs arguments{JNI_VERSION_1_6, name, nullptr};
    if (vm->AttachCurrentThreadAsDaemon(reinterpret_cast<void**>(&jni_), &arguments) != JNI_OK)
      jni_ = nullptr;
    is_to_leave_ = jni_ != nullptr;
  }
  ~AsJavaThread() {
    if (is_to_leave_) vm_->DetachCurrentThread();
  }
  AsJavaThread(const AsJavaThread&) = delete;
  AsJavaThread& operator=(const AsJavaThread&) = delete;

  JNIEnv* jni() const { return jni_; }

 private:
  JavaVM* vm_;
  JNIEnv* jni_ = nullptr;
  bool is_to_leave_ = false;
};

Answer failed(const char* what) {
  return refused(Refusal::kFailed, what);
}

void close_both(const int (&descriptors)[2]) {
  for (int each : descriptors) ::close(each);
}

void stop_all(JNIEnv* jni) {
  server.allocations.stop_tracing();
  if ((server.events & kAllocations) != 0) server.allocations.stop(jni);
  if ((server.events & kLocks) != 0) server.locks.stop(jni);
  if ((server.events & kSnapshots) != 0) server.interrupts.stop();
}

// Events that nothing was recorded of before.
Answer begin(JNIEnv* jni, const Start& wanted) {
  Answer answer;
  server.events |= wanted.events;
  if ((wanted.events & kAllocations) != 0)
    answer = server.allocations.start(server.vm, wanted, server.recording);
  if (answer.refusal == Refusal::kNone && (wanted.events & kLocks) != 0)
    answer = server.locks.start(server.vm, jni, wanted, server.recording);
  if (answer.refusal == Refusal::kNone && (wanted.events & kSnapshots) != 0)
    answer = server.interrupts.start(signal_mark(server.secret), server.recording);
  if (answer.refusal != Refusal::kNone) {
    server.recording.close();
    stop_all(jni);
    server.events = 0;
  }
  return answer;
}

Answer start(const Start& wanted, const int (&descriptors)[2]) {
  AsJavaThread attached(server.vm);
  if (attached.jni() == nullptr) {
    close_both(descriptors);
    return failed("the JVM takes no more threads");
  }
  server.events = 0;
  Answer answer = server.recording.open(attached.jni(), wanted, descriptors[0], descriptors[1]);
  return answer.refusal == Refusal::kNone ? begin(attached.jni(), wanted) : answer;
}

// False when it cannot go on.
bool start_more(const Start& wanted) {
  AsJavaThread attached(server.vm);
  Answer answer = failed("the JVM takes no more threads");
  if (attached.jni() != nullptr) {
    server.recording.set_offsets(wanted.thread);
    answer = begin(attached.jni(), wanted);
  }
  return server.channel.send(&answer, sizeof answer) && answer.refusal == Refusal::kNone;
}

void survey() {
  AsJavaThread attached(server.vm);
  if (attached.jni() == nullptr) return;
  server.allocations.survey(attached.jni());
  // The ring may be full.
  for (int i = 0; i < kTellings && server.allocations.has_collected(); ++i) {
    ::usleep(kBetweenTellingsUs);
    server.allocations.survey(attached.jni());
  }
}

void stop() {
  server.recording.close();
  server.interrupts.stop();
  server.allocations.stop_tracing();
  // Where memory is short it may take a while until the JVM takes a thread; one that is gone takes none.
  for (int i = 0; i < kTries; ++i) {
    AsJavaThread attached(server.vm);
    if (attached.jni() != nullptr) return stop_all(attached.jni());
    ::usleep(kBetweenTriesUs);
  }
}

bool say_hello(const Channel& channel, const Secret& secret) {
  Hello hello;
  hello.secret = secret;
  hello.pid = ::getpid();
  return channel.send(&hello, sizeof hello);
}

union Message {
  MessageHeader header;
  Knowledge knowledge;
  Flush flush;
  Start start;
  Read read;
  ReadPlace place;
  Message() : header() {}
};

// False when it cannot go on.
bool obey(const Message& message) {
  if (message.header.size == sizeof(Read) && is_valid(message.read, server.secret))
    return server.reads.answer(server.channel, message.read, server.recording.memory());
  if (message.header.size == sizeof(ReadPlace) && is_valid(message.place, server.secret))
    return server.reads.answer(server.channel, message.place);
  if (message.header.size == sizeof(Start) && is_valid(message.start, server.secret))
    return start_more(message.start);
  if (message.header.size == sizeof(Knowledge) && is_valid(message.knowledge, server.secret)) {
    server.recording.know(message.knowledge.chunks);
  } else if (message.header.size == sizeof(Flush) && is_valid(message.flush, server.secret)) {
    if ((server.events & kLocks) != 0) server.locks.flush();
    if ((server.events & kAllocations) != 0) survey();
    Answer done;
    return server.channel.send(&done, sizeof done);
  }
  return true;
}

int64_t now_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

void serve_while_connected() {
  // HotSpot draws the samples of all threads from one sequence, which each thread that comes begins anew
  // (ThreadHeapSampler::ThreadHeapSampler, threadHeapSampler.hpp of JDK 11 to 26): were this one to come for
  // each survey, the same samples would be drawn again and again.
  std::optional<AsJavaThread> stays;
  for (int64_t surveyed = now_ms();;) {
    if (!stays && server.allocations.follows()) stays.emplace(server.vm);
    Message message;
    JNIEnv* jni = stays ? stays->jni() : nullptr;
    int collected = jni != nullptr ? server.allocations.event() : -1;
    long got = server.channel.receive(&message, sizeof message, kBetweenSurveysMs, collected);
    if (got < 0) return;
    if (jni != nullptr) server.allocations.watch(jni);
    bool is_whole =
        got >= static_cast<long>(sizeof(MessageHeader)) && message.header.size == static_cast<uint32_t>(got);
    if (is_whole && !obey(message)) return;
    // However much there is to read.
    if (now_ms() - surveyed < kBetweenSurveysMs) continue;
    if ((server.events & kAllocations) != 0 && server.allocations.has_collected()) survey();
    surveyed = now_ms();
  }
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
  if (server.channel.send(&answer, sizeof answer) && runs) serve_while_connected();
  server.reads.close();
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
