#include "jvm/vm_structs.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/fake_memory.h"

namespace rtprof::jvm {
namespace {

using testing::Test;

// The tables as libjvm has them, with the members in an order of the test's choice.
class VmStructsTest : public Test {
 protected:
  static constexpr Address kVariables = 0x1000;
  static constexpr Address kTables = 0x10000;
  static constexpr Address kTexts = 0x20000;

  VmStructsTest() {
    memory_.map(kVariables, 0x1000);
    memory_.map(kTables, 0x8000);
    memory_.map(kTexts, 0x8000);
    table("gHotSpotVMStructs", "gHotSpotVMStructEntryArrayStride", kTables, 48);
    offsets("gHotSpotVMStructEntry", {{"TypeNameOffset", 0},
                                      {"FieldNameOffset", 8},
                                      {"TypeStringOffset", 16},
                                      {"OffsetOffset", 32},
                                      {"AddressOffset", 40}});
    table("gHotSpotVMTypes", "gHotSpotVMTypeEntryArrayStride", kTables + 0x2000, 40);
    offsets("gHotSpotVMTypeEntry", {{"TypeNameOffset", 0}, {"IsUnsignedOffset", 24}, {"SizeOffset", 32}});
    table("gHotSpotVMIntConstants", "gHotSpotVMIntConstantEntryArrayStride", kTables + 0x4000, 16);
    offsets("gHotSpotVMIntConstantEntry", {{"NameOffset", 0}, {"ValueOffset", 8}});
    table("gHotSpotVMLongConstants", "gHotSpotVMLongConstantEntryArrayStride", kTables + 0x6000, 16);
    offsets("gHotSpotVMLongConstantEntry", {{"NameOffset", 0}, {"ValueOffset", 8}});
  }

  void table(const std::string& first, const std::string& stride, Address address, uint64_t bytes) {
    variable(first, address);
    variable(stride, bytes);
  }
  void offsets(const std::string& prefix, const std::map<std::string, uint64_t>& members) {
    for (const auto& [name, offset] : members) variable(prefix + name, offset);
  }
  void variable(const std::string& name, uint64_t value) {
    Address address = kVariables + variables_.size() * sizeof(uint64_t);
    memory_.set(address, value);
    variables_[name] = address;
  }
  Address text(std::string_view text) {
    Address address = texts_end_;
    memory_.put(address, text);
    texts_end_ += text.size() + 1;
    return address;
  }
  void add_field(size_t index, std::string_view type, std::string_view name, std::string_view value,
                 uint64_t offset, Address address) {
    Address entry = kTables + index * 48;
    memory_.set(entry, text(type));
    memory_.set(entry + 8, text(name));
    memory_.set(entry + 16, text(value));
    memory_.set(entry + 32, offset);
    memory_.set(entry + 40, address);
  }
  Result<VmStructs> read() const {
    return VmStructs::read(memory_, [this](std::string_view name) -> std::optional<Address> {
      auto found = variables_.find(std::string(name));
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  test::FakeMemory memory_;
  std::map<std::string, Address> variables_;
  Address texts_end_ = kTexts;
};

TEST_F(VmStructsTest, ReadsFieldsTypesAndConstants) {
  add_field(0, "Klass", "_name", "Symbol*", 24, 0);
  add_field(1, "CodeCache", "_heaps", "GrowableArray<CodeHeap*>*", 0, 0x7000);
  memory_.set(kTables + 0x2000, text("u2"));
  memory_.set(kTables + 0x2000 + 24, int32_t{1});
  memory_.set(kTables + 0x2000 + 32, uint64_t{2});
  memory_.set(kTables + 0x4000, text("BitsPerByte"));
  memory_.set(kTables + 0x4000 + 8, int32_t{-8});
  memory_.set(kTables + 0x6000, text("markWord::mask"));
  memory_.set(kTables + 0x6000 + 8, int64_t{1} << 40);

  auto structs = read();
  ASSERT_TRUE(structs.ok()) << structs.failure().message;
  ASSERT_NE(structs->field("Klass", "_name"), nullptr);
  EXPECT_EQ(structs->field("Klass", "_name")->offset, 24);
  EXPECT_EQ(structs->field("Klass", "_name")->type, "Symbol*");
  EXPECT_EQ(structs->field("CodeCache", "_heaps")->address, 0x7000);
  EXPECT_EQ(structs->field("Klass", "_heaps"), nullptr);
  ASSERT_NE(structs->type("u2"), nullptr);
  EXPECT_EQ(structs->type("u2")->size, 2);
  EXPECT_TRUE(structs->type("u2")->is_unsigned);
  EXPECT_EQ(structs->constant("BitsPerByte"), -8);
  EXPECT_EQ(structs->constant("markWord::mask"), int64_t{1} << 40);
  EXPECT_EQ(structs->constant("no such"), std::nullopt);
}

TEST_F(VmStructsTest, NamesAVariableThatIsMissing) {
  variables_.erase("gHotSpotVMTypeEntrySizeOffset");
  auto structs = read();
  ASSERT_FALSE(structs.ok());
  EXPECT_EQ(structs.failure().message, "it does not export gHotSpotVMTypeEntrySizeOffset");
}

TEST_F(VmStructsTest, RefusesATableWithoutAnEnd) {
  for (size_t i = 0; i < 0x2000 / 48; ++i) add_field(i, "Klass", "_name", "Symbol*", 24, 0);
  variable("gHotSpotVMStructEntryArrayStride", 0);
  auto structs = read();
  ASSERT_FALSE(structs.ok());
  EXPECT_EQ(structs.failure().message, "what gHotSpotVMStructs leads to cannot be read");
}

TEST_F(VmStructsTest, RefusesANameThatCannotBeRead) {
  add_field(0, "Klass", "_name", "Symbol*", 24, 0);
  memory_.set(kTables, Address{0x666000});
  EXPECT_FALSE(read().ok());
}

}  // namespace
}  // namespace rtprof::jvm
