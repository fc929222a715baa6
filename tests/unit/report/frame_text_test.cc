#include "report/frame_text.h"

#include <gtest/gtest.h>

#include "tests/unit/report/profiles.h"

namespace rtprof {
namespace {

std::string text(Profile& profile, FrameId id, const ReportOptions& options = {}) {
  return frame_text(profile, profile.frame(id), options);
}

TEST(FrameText, Python) {
  Profile profile;
  FrameId frame = python_frame(profile, "Handler.get", "app/views.py", 17);
  ReportOptions options;
  EXPECT_EQ(text(profile, frame), "Handler.get (app/views.py:17)");
  options.full_filenames = true;
  EXPECT_EQ(text(profile, frame, options), "Handler.get (/srv/app/app/views.py:17)");
  options.full_filenames = false;
  options.lines = false;
  EXPECT_EQ(text(profile, frame, options), "Handler.get (app/views.py)");
  EXPECT_EQ(text(profile, python_frame(profile, "f", "a.py", 0)), "f (a.py)") << "no line known";
  EXPECT_EQ(text(profile, frame_of(profile, FrameKind::kPython, "<shim>", 3)), "<shim>") << "no file known";
}

TEST(FrameText, LinesOfOtherRuntimesAreAskedFor) {
  Profile profile;
  FrameId java = frame_of(profile, FrameKind::kJava, "java/util/HashMap.get", 574);
  FrameId go = frame_of(profile, FrameKind::kGo, "main.(*Server).handle", 17);
  EXPECT_EQ(text(profile, java), "java/util/HashMap.get");
  EXPECT_EQ(text(profile, go), "main.(*Server).handle");
  ReportOptions options;
  options.lines = true;
  EXPECT_EQ(text(profile, java, options), "java/util/HashMap.get:574");
  EXPECT_EQ(text(profile, go, options), "main.(*Server).handle:17");
}

TEST(FrameText, MarksOfKinds) {
  Profile profile;
  EXPECT_EQ(text(profile, frame_of(profile, FrameKind::kKernel, "do_syscall_64")), "do_syscall_64_[k]");
  EXPECT_EQ(text(profile, frame_of(profile, FrameKind::kType, "java.util.HashMap$Node")),
            "java.util.HashMap$Node_[i]");
  EXPECT_EQ(text(profile, profile.unknown_frame("torn")), "[unknown: torn]");
}

TEST(FrameText, MarksOfHowTheJvmRanAFunction) {
  Profile profile;
  ReportOptions lines;
  lines.lines = true;
  Frame frame = profile.frame(frame_of(profile, FrameKind::kJava, "Main.work", 7));
  FrameId plain = profile.intern(frame);
  constexpr std::pair<JitMark, const char*> kMarks[] = {{JitMark::kInterpreted, "_[0]"},
                                                        {JitMark::kC1, "_[1]"},
                                                        {JitMark::kC2, "_[j]"},
                                                        {JitMark::kInlined, "_[i]"}};
  for (auto [mark, shown] : kMarks) {
    frame.mark = mark;
    FrameId marked = profile.intern(frame);
    EXPECT_NE(marked, plain);
    EXPECT_EQ(text(profile, marked), std::string("Main.work") + shown);
    EXPECT_EQ(text(profile, marked, lines), std::string("Main.work:7") + shown);
    EXPECT_EQ(function_name(profile, frame), std::string("Main.work") + shown);
  }
}

TEST(FrameText, NativeWithoutASymbolIsItsModule) {
  Profile profile;
  Frame frame;
  frame.kind = FrameKind::kNative;
  frame.module = profile.intern("/usr/lib/libc.so.6");
  EXPECT_EQ(text(profile, profile.intern(frame)), "[libc.so.6]");
  frame.module = profile.intern("[vdso]");
  EXPECT_EQ(text(profile, profile.intern(frame)), "[vdso]");
}

TEST(FrameText, SeparatorsAndControlCharactersGo) {
  Profile profile;
  EXPECT_EQ(text(profile, frame_of(profile, FrameKind::kGo, "a;b\nc")), "a:b c");
}

TEST(RootText, ProcessesAndThreads) {
  Profile profile;
  profile.processes.push_back({7, "gunicorn: worker; x"});
  EXPECT_EQ(process_text(profile, 7), "process 7: gunicorn: worker: x");
  EXPECT_EQ(process_text(profile, 8), "process 8");
  EXPECT_EQ(thread_text({7, 9, "MainThread"}), "MainThread tid=9");
  EXPECT_EQ(thread_text({7, 9, ""}), "thread tid=9");
}

}  // namespace
}  // namespace rtprof
