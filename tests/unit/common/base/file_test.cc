#include "common/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace rtprof {
namespace {

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rtprof-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  size_t entries() const {
    auto begin = std::filesystem::directory_iterator(directory_);
    return static_cast<size_t>(std::distance(begin, std::filesystem::directory_iterator()));
  }

  static Fill text(std::string_view bytes) {
    return [bytes](Sink& out) {
      out.write(bytes);
      return Result<bool>(true);
    };
  }

  std::string directory_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  std::string path = directory_ + "/out";
  ASSERT_TRUE(write_file_atomically(path, text("first")));
  ASSERT_TRUE(write_file_atomically(path, text({"sec\0nd", 6})));
  auto content = read_file(path);
  ASSERT_TRUE(content);
  EXPECT_EQ(*content, std::string("sec\0nd", 6));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, LeavesNothingBehindWhenItFails) {
  EXPECT_FALSE(write_file_atomically(directory_ + "/missing/out", text("text")));
  std::filesystem::create_directory(directory_ + "/taken");
  EXPECT_FALSE(write_file_atomically(directory_ + "/taken", text("text")));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, KeepsWhatWasThereWhenTheContentFails) {
  std::string path = directory_ + "/out";
  ASSERT_TRUE(write_file_atomically(path, text("before")));
  auto written = write_file_atomically(path, [](Sink& out) -> Result<bool> {
    out.write(std::string(1 << 20, 'x'));
    return Failure{"no more"};
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().message, "no more");
  EXPECT_EQ(*read_file(path), "before");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, TellsThatADeviceIsFull) {
  auto written = write_file_atomically("/dev/full", text("text"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().error, ENOSPC);
}

TEST_F(FileTest, GivesTheFileTheUsersPermissions) {
  mode_t mask = ::umask(027);
  std::string path = directory_ + "/out";
  ASSERT_TRUE(write_file_atomically(path, text("text")));
  ::umask(mask);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(FileTest, WritesIntoWhatIsNoRegularFile) {
  ASSERT_TRUE(write_file_atomically("/dev/null", text("text")));
  struct stat info {};
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(FileTest, TellsWhyAFileCannotBeRead) {
  auto content = read_file(directory_ + "/none");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.failure().error, ENOENT);
}

}  // namespace
}  // namespace rtprof
