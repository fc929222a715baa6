#include "native/frame_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/elf/elf_file.h"
#include "native/dwarf_expression.h"
#include "native/frame_section.h"
#include "tests/unit/native/frame_bytes.h"

namespace rtprof::native {
namespace {

using Bytes = FrameBytes::Bytes;
using Kind = UnwindRule::Kind;

constexpr uint64_t kStart = 0x1000;

class FrameProgramTest : public ::testing::Test {
 protected:
  // The rows of a function of 64 bytes.
  std::vector<RuleRow> run(const Bytes& program, const std::string& augmentation = "zR") {
    FrameBytes bytes;
    bytes.add(kStart, 64, program, augmentation);
    FrameSection section(FrameSection::Kind::kEhFrame, bytes.text(), 0);
    auto entry = section.find(kStart);
    EXPECT_TRUE(entry.has_value());
    return entry ? run_frame_program(*entry, expressions_) : std::vector<RuleRow>();
  }

  std::vector<DwarfExpression> expressions_;
};

TEST_F(FrameProgramTest, StartsWithTheRulesOfTheCommonEntry) {
  auto rows = run({});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].start, kStart);
  EXPECT_EQ(rows[0].end, kStart + 64);
  const UnwindRules& rules = rows[0].rules;
  EXPECT_EQ(rules.cfa, (UnwindRule{Kind::kRegister, Registers::kRsp, 8}));
  EXPECT_EQ(rules.return_address, (UnwindRule{Kind::kAtCfa, 0, -8}));
  EXPECT_FALSE(rules.is_signal_frame);
  // rbx, rbp, r12 to r15 are the caller's; of all others only the stack pointer is known.
  EXPECT_EQ(rules.unchanged, 0xf048U);
  ASSERT_EQ(rules.registers.size(), 1U);
  EXPECT_EQ(rules.registers[0], (std::pair<uint8_t, UnwindRule>{Registers::kRsp, {Kind::kCfa}}));
}

TEST_F(FrameProgramTest, RestoresWhatWasRemembered) {
  auto rows = run({DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 128, 1, DW_CFA_offset | 3, 2,
                   DW_CFA_advance_loc | 4, DW_CFA_remember_state, DW_CFA_def_cfa_offset, 8,
                   DW_CFA_restore | 3, DW_CFA_advance_loc | 4, DW_CFA_restore_state});
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[2].start, kStart + 8);
  EXPECT_EQ(rows[2].end, kStart + 12);
  EXPECT_EQ(rows[2].rules, rows[0].rules);
  EXPECT_EQ(rows[3].start, kStart + 12);
  EXPECT_EQ(rows[3].rules, rows[1].rules);
  EXPECT_EQ(rows[1].rules.cfa.offset, 128);
  EXPECT_THAT(rows[1].rules.registers,
              ::testing::Contains(std::pair<uint8_t, UnwindRule>{3, {Kind::kAtCfa, 0, -16}}));
}

TEST_F(FrameProgramTest, KnowsAllWaysToSetARegister) {
  auto rows = run({DW_CFA_register, 3, 12, DW_CFA_val_offset, 12, 2, DW_CFA_offset_extended_sf, 13, 0x7d,
                   DW_CFA_same_value, 0, DW_CFA_undefined, 14, DW_CFA_undefined, 16});
  ASSERT_EQ(rows.size(), 1U);
  using Rule = std::pair<uint8_t, UnwindRule>;
  EXPECT_THAT(rows[0].rules.registers,
              ::testing::ElementsAre(Rule{3, {Kind::kRegister, 12}}, Rule{7, {Kind::kCfa}},
                                     Rule{12, {Kind::kCfa, 0, -16}}, Rule{13, {Kind::kAtCfa, 0, 24}}));
  EXPECT_EQ(rows[0].rules.unchanged, 1U | 1U << 6 | 1U << 15);
  EXPECT_EQ(rows[0].rules.return_address.kind, Kind::kUndefined);
}

TEST_F(FrameProgramTest, KnowsAFrameOfTheKernelsSignalDelivery) {
  auto rows = run({DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0xa0, 1, DW_OP_deref,  //
                   DW_CFA_expression, 16, 3, DW_OP_breg7, 0xa8, 1},
                  "zRS");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].rules.is_signal_frame);
  EXPECT_EQ(rows[0].rules.cfa, (UnwindRule{Kind::kAtRegister, Registers::kRsp, 160}));
  EXPECT_EQ(rows[0].rules.return_address, (UnwindRule{Kind::kAtRegister, Registers::kRsp, 168}));
}

TEST_F(FrameProgramTest, EvaluatesTheStubsOfTheProcedureLinkageTable) {
  // rsp + 8 + ((rip & 15) >= 11) * 8
  auto rows = run({DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and,
                   DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus});
  ASSERT_EQ(rows.size(), 1U);
  ASSERT_EQ(rows[0].rules.cfa.kind, Kind::kExpression);
  StackSnapshot snapshot;
  StackMemory stack(snapshot);
  Cursor cursor;
  cursor.registers.values[Registers::kRsp] = 0x7000;
  for (uint64_t offset = 0; offset < 16; ++offset) {
    cursor.registers.values[Registers::kRip] = 0x4000 + offset;
    EXPECT_EQ(evaluate(expressions_[0], cursor, 0, stack), offset < 11 ? 0x7008 : 0x7010);
  }
}

TEST_F(FrameProgramTest, EndsWhereAnInstructionIsUnknown) {
  auto rows = run({DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc | 4, 0x3f});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].end, kStart + 8);
}

TEST_F(FrameProgramTest, IgnoresRegistersThatItHasNone) {
  auto rows = run({DW_CFA_offset_extended, 0xff, 0xff, 0xff, 0xff, 0x0f, 2, DW_CFA_undefined, 17});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].rules, run({})[0].rules);
}

TEST_F(FrameProgramTest, DoesNotLeaveItsFunction) {
  EXPECT_TRUE(run({DW_CFA_advance_loc4, 0xff, 0xff, 0xff, 0xff}).empty());
}

// The index that linkers make and a look at every entry find the same.
TEST(FrameSectionTest, FindsTheSameWithAndWithoutTheIndex) {
  auto file = ElfFile::open("/proc/self/exe");
  ASSERT_TRUE(file.ok());
  auto bytes = file->section_bytes(".eh_frame");
  auto index = file->section_bytes(".eh_frame_hdr");
  ASSERT_TRUE(bytes && index);
  uint64_t address = file->section(".eh_frame")->address;
  FrameSection indexed(FrameSection::Kind::kEhFrame, *bytes, address, *index,
                       file->section(".eh_frame_hdr")->address);
  FrameSection scanned(FrameSection::Kind::kEhFrame, *bytes, address);
  auto text = file->section(".text");
  ASSERT_TRUE(text.has_value());
  size_t found = 0;
  for (uint64_t pc = text->address - 64; pc < text->address + text->size + 64; pc += 37) {
    auto by_index = indexed.find(pc);
    auto by_scan = scanned.find(pc);
    ASSERT_EQ(by_index.has_value(), by_scan.has_value()) << pc;
    if (!by_index) continue;
    ++found;
    ASSERT_EQ(by_index->start, by_scan->start);
    ASSERT_EQ(by_index->end, by_scan->end);
  }
  EXPECT_GT(found, 1000U);
}

}  // namespace
}  // namespace rtprof::native
