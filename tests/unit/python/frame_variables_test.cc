#include "python/frame_variables.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "tests/unit/python/fake_objects.h"

namespace rtprof {
namespace {

using test::FakeMemory;
using test::FakeObjects;
using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;

constexpr Address kFrame = 0x100000;
constexpr Address kCode = 0x200000;

class FrameVariablesTest : public testing::TestWithParam<test::Build> {
 protected:
  FrameVariablesTest() {
    python_.layout = fake_.layout();
    memory_.map(kFrame, 8192);
    memory_.map(kCode, 512);
  }

  const LocalsLayout& layout() const { return fake_.layout().locals; }
  bool has_kinds() const { return layout().code_kinds != kNoOffset; }

  Address names(const std::vector<std::string>& names) {
    std::vector<Address> strings;
    for (const std::string& name : names) strings.push_back(fake_.string(name));
    return fake_.tuple(strings);
  }

  // A code object of arguments and other locals, and variables in cells.
  void code(int32_t arguments, const std::vector<std::string>& locals,
            const std::vector<std::string>& cells) {
    std::vector<std::string> all = locals;
    if (has_kinds()) all.insert(all.end(), cells.begin(), cells.end());
    memory_.set<int32_t>(kCode + layout().code_slot_count, static_cast<int32_t>(all.size()));
    memory_.set<int32_t>(kCode + layout().code_argument_count, arguments);
    memory_.set(kCode + layout().code_names, names(all));
    if (has_kinds()) {
      std::string kinds(locals.size(), '\x20');
      kinds.append(cells.size(), '\x40');
      memory_.set(kCode + layout().code_kinds, fake_.bytes(kinds));
    } else {
      memory_.set(kCode + layout().code_cell_names, names(cells));
      memory_.set(kCode + layout().code_free_names, names({}));
    }
  }

  void slot(size_t index, uint64_t word) {
    memory_.set(kFrame + fake_.layout().frame_locals + index * sizeof word, word);
  }

  std::vector<DumpedVariable> read() {
    const rt_py_frame frames[] = {{kCode, 0}};
    const Address addresses[] = {kFrame};
    FrameVariables variables(memory_, python_);
    variables.take({StackEnd::kComplete, frames, addresses});
    auto all = variables.named();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? std::vector<DumpedVariable>() : all[0];
  }

  FakeMemory memory_;
  FakeObjects fake_{memory_, GetParam()};
  PythonProcess python_;
};

INSTANTIATE_TEST_SUITE_P(Versions, FrameVariablesTest, testing::ValuesIn(test::kBuilds), test::build_name);

TEST_P(FrameVariablesTest, ReadsArgumentsAndLocals) {
  code(1, {"first", "second"}, {});
  slot(0, fake_.integer(5));
  slot(1, fake_.string("text"));
  EXPECT_THAT(read(), ElementsAre(FieldsAre("first", "5", true), FieldsAre("second", "'text'", false)));
}

TEST_P(FrameVariablesTest, LeavesOutWhatHasNoValue) {
  code(2, {"first", "second", "third"}, {"cell"});
  slot(1, fake_.none());
  slot(3, fake_.cell(0));
  EXPECT_THAT(read(), ElementsAre(FieldsAre("second", "None", true)));
}

TEST_P(FrameVariablesTest, LooksIntoCells) {
  code(0, {"local"}, {"cell"});
  Address cell = fake_.cell(fake_.integer(7));
  slot(0, cell);
  slot(1, cell);
  EXPECT_THAT(read(), ElementsAre(FieldsAre("local", fmt::format("<cell at {:#x}>", cell), false),
                                  FieldsAre("cell", "7", false)));
}

TEST_P(FrameVariablesTest, KnowsTags) {
  if (!layout().tagged) return;  // slots are pointers
  code(0, {"counted", "borrowed", "number", "negative", "null"}, {});
  slot(0, fake_.integer(1));
  slot(1, fake_.integer(2) | 1);
  slot(2, 41 << 2 | 3);
  slot(3, static_cast<uint64_t>(-2) << 2 | 3);
  slot(4, 1);
  EXPECT_THAT(read(), ElementsAre(FieldsAre("counted", "1", false), FieldsAre("borrowed", "2", false),
                                  FieldsAre("number", "41", false), FieldsAre("negative", "-2", false)));
}

TEST_P(FrameVariablesTest, LeavesOutHiddenVariables) {
  if (!has_kinds()) return;  // there are none
  code(0, {"hidden", "shown"}, {});
  memory_.set(kCode + layout().code_kinds, fake_.bytes("\x30\x20"));
  slot(0, fake_.integer(1));
  slot(1, fake_.integer(2));
  EXPECT_THAT(read(), ElementsAre(FieldsAre("shown", "2", false)));
}

TEST_P(FrameVariablesTest, BoundsWhatItReads) {
  code(0, {"one"}, {});
  memory_.set<int32_t>(kCode + layout().code_slot_count, INT32_MAX);
  slot(0, fake_.integer(1));
  EXPECT_THAT(read(), ElementsAre(FieldsAre("one", "1", false)));
  memory_.set<int32_t>(kCode + layout().code_slot_count, -1);
  EXPECT_THAT(read(), IsEmpty());
}

}  // namespace
}  // namespace rtprof
