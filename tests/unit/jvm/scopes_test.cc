#include "jvm/scopes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "jvm/compressed_stream.h"
#include "jvm/methods.h"
#include "tests/unit/fake_memory.h"
#include "tests/unit/jvm/hotspot.h"

namespace rtprof::jvm {
namespace {

using Bytes = std::vector<uint8_t>;

TEST(CompressedStreamTest, ReadsNumbers) {
  const Bytes bytes{0, 191, 192, 0, 255, 191, 255, 255, 255, 255, 255, 5};
  CompressedStream stream(bytes, 0, false);
  EXPECT_EQ(stream.number(), 0);
  EXPECT_EQ(stream.number(), 191);
  EXPECT_EQ(stream.number(), 192);
  EXPECT_EQ(stream.number(), 255 + 191 * 64);
  EXPECT_EQ(stream.number(), 255u * (1 + (1u << 6) + (1u << 12) + (1u << 18) + (1u << 24)));
  EXPECT_EQ(stream.number(), 5);
  EXPECT_TRUE(stream.ok());
  EXPECT_EQ(stream.number(), 0);
  EXPECT_FALSE(stream.ok());
}

TEST(CompressedStreamTest, ReadsNumbersWithoutZeroBytes) {
  const Bytes bytes{1, 191, 192, 1, 2};
  CompressedStream stream(bytes, 0, true);
  EXPECT_EQ(stream.number(), 0);
  EXPECT_EQ(stream.number(), 190);
  EXPECT_EQ(stream.number(), 191);
  EXPECT_EQ(stream.signed_number(), -1);
}

class ScopesTest : public testing::Test {
 protected:
  void pc_desc(int32_t pc, int32_t scope) {
    const int32_t words[] = {pc, scope, 0, 0};
    const auto* bytes = reinterpret_cast<const uint8_t*>(words);
    pcs_.insert(pcs_.end(), bytes, bytes + sizeof words);
  }

  Layout layout_ = test::hotspot_17_layout();
  Bytes pcs_;
};

TEST_F(ScopesTest, AreThoseOfTheReturnAddress) {
  pc_desc(-1, 0);
  pc_desc(20, 7);
  pc_desc(40, 9);
  pc_desc(1000, 0);
  EXPECT_EQ(scope_offset(layout_, pcs_, 20, true), 7);
  EXPECT_EQ(scope_offset(layout_, pcs_, 40, true), 9);
  EXPECT_EQ(scope_offset(layout_, pcs_, 20, false), 9) << "the instruction before it ends there";
  EXPECT_EQ(scope_offset(layout_, pcs_, 5, false), 7);
  EXPECT_EQ(scope_offset(layout_, pcs_, 41, false), std::nullopt);
  EXPECT_EQ(scope_offset(layout_, pcs_, 2000, false), std::nullopt);
  EXPECT_EQ(scope_offset(layout_, {}, 5, false), std::nullopt);
}

TEST_F(ScopesTest, LeadToTheCallers) {
  // Of the outermost method: no caller, metadata 1, bytecode 4; then one that it has inlined.
  const Bytes scopes{0, 0, 1, 5, 1, 2, 8};
  auto recorded = recorded_scopes(layout_, scopes, 4);
  ASSERT_EQ(recorded.size(), 2);
  EXPECT_EQ(recorded[0].method, 2);
  EXPECT_EQ(recorded[0].bci, 7);
  EXPECT_EQ(recorded[1].method, 1);
  EXPECT_EQ(recorded[1].bci, 4);
}

TEST_F(ScopesTest, ThatContradictThemselvesAreNone) {
  EXPECT_TRUE(recorded_scopes(layout_, Bytes{0, 1, 1, 1}, 1).empty()) << "its own caller";
  EXPECT_TRUE(recorded_scopes(layout_, Bytes{0, 0, 0, 1}, 1).empty()) << "no method";
  EXPECT_TRUE(recorded_scopes(layout_, Bytes{0, 0}, 1).empty()) << "cut";
  EXPECT_TRUE(recorded_scopes(layout_, {}, 99).empty());
}

TEST_F(ScopesTest, MustEndWithTheBlobsOwnMethod) {
  test::FakeMemory memory;
  pc_desc(20, 1);
  memory.put(0x1000, pcs_);
  memory.put(0x2000, Bytes{0, 0, 1, 5});
  memory.set(0x3000, Address{0x7000});
  CodeBlob blob;
  blob.code_begin = 0x500;
  blob.method = 0x7000;
  blob.pcs_begin = 0x1000;
  blob.pcs_end = 0x1000 + pcs_.size();
  blob.scopes = 0x2000;
  blob.scopes_end = 0x2004;
  blob.metadata = 0x3000;
  EXPECT_EQ(ScopeTables(memory, layout_).at(blob, 0x514, true), (std::vector<Scope>{{0x7000, 4}}));
  blob.method = 0x7008;
  EXPECT_EQ(ScopeTables(memory, layout_).at(blob, 0x514, true), std::nullopt);
  blob.method = 0x7000;
  memory.unmap(0x2000);
  EXPECT_EQ(ScopeTables(memory, layout_).at(blob, 0x514, true), std::nullopt) << "not readable";
  blob.pcs_begin = 0;
  blob.pcs_end = 0;
  blob.scopes = 0;
  EXPECT_EQ(ScopeTables(memory, layout_).at(blob, 0x514, true), std::vector<Scope>())
      << "nothing is recorded";
}

TEST_F(ScopesTest, OfOneNmethodAreReadOnce) {
  test::FakeMemory memory;
  pc_desc(20, 1);
  pc_desc(40, 1);
  memory.put(0x1000, pcs_);
  memory.put(0x2000, Bytes{0, 0, 1, 5});
  memory.set(0x3000, Address{0x7000});
  CodeBlob blob;
  blob.version = 1;
  blob.code_begin = 0x500;
  blob.method = 0x7000;
  blob.pcs_begin = 0x1000;
  blob.pcs_end = 0x1000 + pcs_.size();
  blob.scopes = 0x2000;
  blob.scopes_end = 0x2004;
  blob.metadata = 0x3000;
  ScopeTables tables(memory, layout_);
  EXPECT_TRUE(tables.at(blob, 0x514, true));
  size_t before = memory.reads();
  EXPECT_EQ(tables.at(blob, 0x528, true), (std::vector<Scope>{{0x7000, 4}}));
  EXPECT_EQ(memory.reads(), before + 1) << "the methods, which may move";
}

TEST(LineTableTest, TellsTheLastLineBefore) {
  Layout layout = test::hotspot_17_layout();
  // Bytecode 0 line 10 in the long form (0, 20 as signed numbers), then +3 bytecodes +2 lines.
  const Bytes table{0xff, 0, 20, 3 << 3 | 2, 0};
  EXPECT_EQ(line_in_table(layout, table, 0), 10);
  EXPECT_EQ(line_in_table(layout, table, 2), 10);
  EXPECT_EQ(line_in_table(layout, table, 3), 12);
  EXPECT_EQ(line_in_table(layout, table, 500), 12);
  EXPECT_EQ(line_in_table(layout, Bytes{0}, 3), 0);
  EXPECT_EQ(line_in_table(layout, {}, 3), std::nullopt);
  EXPECT_EQ(line_in_table(layout, std::span(table).first(4), 2), std::nullopt) << "it goes on";
}

}  // namespace
}  // namespace rtprof::jvm
