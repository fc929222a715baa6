// Unwinding by call-frame information that is arbitrary, over a stack and registers that are. The input is
// cut into registers, stack bytes and the bytes of .eh_frame (or, by its first bit, .debug_frame), which
// become a section of an otherwise sound ELF image.
#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/binary.h"
#include "native/cfi_unwinder.h"
#include "native/frame_program.h"
#include "native/frame_section.h"
#include "native/unwind_table.h"

namespace rtprof::native {
namespace {

constexpr uint64_t kSectionAddress = 0x10000;
constexpr size_t kMostSteps = 200;

std::string image_with(std::string_view name, std::span<const uint8_t> bytes) {
  std::string names = '\0' + std::string(name) + '\0' + ".shstrtab" + '\0';
  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_DYN;
  file.e_machine = EM_X86_64;
  file.e_version = EV_CURRENT;
  file.e_ehsize = sizeof file;
  file.e_shentsize = sizeof(Elf64_Shdr);
  file.e_shnum = 3;
  file.e_shstrndx = 2;
  file.e_shoff = sizeof file;
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_addr = kSectionAddress;
  sections[1].sh_offset = sizeof file + sizeof sections;
  sections[1].sh_size = bytes.size();
  sections[1].sh_addralign = 1;
  sections[2].sh_name = static_cast<Elf64_Word>(name.size() + 2);
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = sections[1].sh_offset + bytes.size();
  sections[2].sh_size = names.size();
  sections[2].sh_addralign = 1;
  std::string image(reinterpret_cast<const char*>(&file), sizeof file);
  image.append(reinterpret_cast<const char*>(sections), sizeof sections);
  image.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return image + names;
}

void unwind(UnwindTable& table, const StackSnapshot& snapshot) {
  StackMemory stack(snapshot);
  Cursor cursor{snapshot.registers};
  std::vector<MachineFrame> frames;
  for (size_t i = 0; i < kMostSteps; ++i) {
    Address sp = cursor.registers.sp();
    const UnwindRules* rules = table.find(cursor.frame().lookup());
    if (rules == nullptr) break;
    if (table.find(cursor.frame().lookup()) != rules) __builtin_trap();  // what was found stays
    bool is_caller = cursor.is_return_address;
    if (step_by_rules(*rules, table, cursor, stack, frames) != StepResult::kStepped) break;
    bool sets_sp = rules->is_signal_frame || rules->registers.empty();
    for (const auto& [reg, rule] : rules->registers)
      sets_sp = sets_sp || (reg == Registers::kRsp && rule != UnwindRule{UnwindRule::Kind::kCfa});
    if (is_caller && !sets_sp && cursor.registers.sp() <= sp) __builtin_trap();
  }
}

}  // namespace
}  // namespace rtprof::native

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rtprof;
  using namespace rtprof::native;
  constexpr size_t kRegisterBytes = sizeof(Registers::values);
  constexpr size_t kStackBytes = 256;
  if (size < 1 + kRegisterBytes + kStackBytes) return 0;
  bool is_eh_frame = (data[0] & 1) == 0;
  StackSnapshot snapshot;
  std::memcpy(snapshot.registers.values.data(), data + 1, kRegisterBytes);
  snapshot.stack_address = snapshot.registers.sp();
  snapshot.stack = {data + 1 + kRegisterBytes, kStackBytes};
  std::span<const uint8_t> bytes(data + 1 + kRegisterBytes + kStackBytes, data + size);

  UnwindTable table(std::make_shared<const Binary>(
      "fuzzed", image_with(is_eh_frame ? ".eh_frame" : ".debug_frame", bytes)));
  // Instructions near those that the input describes, if it is like the seeds.
  for (uint64_t address :
       {uint64_t{0x1000}, uint64_t{0x1001}, uint64_t{0x1010}, kSectionAddress, ~uint64_t{0}})
    table.find(address);
  unwind(table, snapshot);
  snapshot.registers.values[Registers::kRip] = 0x1010;
  unwind(table, snapshot);

  // The last bytes as an index of the entries.
  auto index = bytes.last(std::min<size_t>(bytes.size(), 64));
  std::string index_bytes(index.begin(), index.end());
  address_of_eh_frame(index_bytes, kSectionAddress);
  FrameSection section(FrameSection::Kind::kEhFrame, std::string(bytes.begin(), bytes.end()), kSectionAddress,
                       index_bytes, kSectionAddress + bytes.size() - index.size());
  std::vector<DwarfExpression> expressions;
  for (uint64_t address : {uint64_t{0x1000}, uint64_t{0x2000}, ~uint64_t{0}}) {
    auto entry = section.find(address);
    if (!entry) continue;
    uint64_t last = entry->start;
    for (const RuleRow& row : run_frame_program(*entry, expressions)) {
      if (row.start < last || row.end <= row.start || row.end > entry->end) __builtin_trap();
      last = row.end;
    }
  }
  return 0;
}
