#include "jvm/layout.h"

#include <gtest/gtest.h>

#include "tests/unit/fake_memory.h"
#include "tests/unit/jvm/hotspot.h"

namespace rtprof::jvm {
namespace {

TEST(LayoutTest, TakesMembersByName) {
  Layout layout = test::hotspot_17_layout();
  EXPECT_EQ(layout.code_heaps, 0x100);
  EXPECT_EQ(layout.const_name.offset, 20);
  EXPECT_EQ(layout.const_name.size, 2);
  EXPECT_TRUE(layout.const_name.is_unsigned);
  EXPECT_FALSE(layout.blob_frame_complete.is_unsigned);
  EXPECT_EQ(layout.method_of_nmethod.offset, 48);
  EXPECT_EQ(layout.scopes_base, BlobBase::kHeader);
  EXPECT_EQ(layout.has_line_numbers, 1);
  EXPECT_FALSE(layout.numbers_without_zero);
}

TEST(LayoutTest, NamesWhatIsMissing) {
  VmStructs structs;
  auto layout = layout_of(structs, {17, "17.0.1"});
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.failure().message, "HotSpot of JDK 17.0.1 does not describe CodeHeap::_memory");
}

TEST(LayoutTest, NeedsOneOfSeveralDescriptions) {
  VmStructs structs = test::hotspot_17();
  // Not of a structure's member, but static.
  structs.add_field("CodeBlob", "_code_begin", {"address", 0, 0x500});
  auto layout = layout_of(structs, {17, "17.0.1"});
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.failure().message, "HotSpot of JDK 17.0.1 does not describe CodeBlob::_code_begin");
  structs.add_field("CodeBlob", "_code_offset", {"int", 100, 0});
  EXPECT_TRUE(layout_of(structs, {23, "23"}).ok());
}

TEST(LayoutTest, FollowsScopesOutOfTheCodeHeap) {
  VmStructs structs = test::hotspot_17();
  structs.add_field("nmethod", "_immutable_data", {"address", 104, 0});
  structs.add_field("nmethod", "_immutable_data_size", {"int", 112, 0});
  auto layout = layout_of(structs, {23, "23"});
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(layout->scopes_base, BlobBase::kImmutableData);
  EXPECT_EQ(layout->metadata_base, BlobBase::kData);
  EXPECT_TRUE(layout->numbers_without_zero);
}

TEST(MemberTest, ExtendsSigns) {
  const uint8_t bytes[] = {0, 0xfe, 0xff, 0x01};
  EXPECT_EQ((Member{1, 2, false}).in(bytes), -2);
  EXPECT_EQ((Member{1, 2, true}).in(bytes), 0xfffe);
  EXPECT_EQ((Member{3, 2, true}).in(bytes), 0) << "ends before it";
  EXPECT_EQ((Member{0, 0, true}).in(bytes), 0) << "does not exist";
}

TEST(JdkVersionTest, IsThatOfTheJdk) {
  auto text = [](std::string_view release) {
    auto version = parse_version(release);
    return version ? version->text : "none";
  };
  EXPECT_EQ(text("17.0.15+6-Debian-1deb12u1"), "17.0.15");
  EXPECT_EQ(text("26.0.2.1+1-1-Debian"), "26.0.2.1");
  EXPECT_EQ(text("21+35"), "21");
  EXPECT_EQ(text("25.0.1-beta+8"), "25.0.1");
  EXPECT_EQ(text("25.504-b01"), "8.0.504");
  EXPECT_EQ(text("24.80-b11"), "7.0.80");
  EXPECT_EQ(text(""), "none");
  EXPECT_EQ(text("Zulu"), "none");
  EXPECT_EQ(parse_version("25.504-b01")->feature, 8);
  EXPECT_EQ(parse_version("25.0.5+8")->feature, 25);
}

}  // namespace
}  // namespace rtprof::jvm
