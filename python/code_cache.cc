#include "python/code_cache.h"

#include <algorithm>
#include <cstring>

#include "python/objects.h"

namespace rtprof {
namespace {

constexpr size_t kNameLimit = 64 << 10;
constexpr size_t kLineTableLimit = 16 << 20;  // some two million lines in one function
constexpr int64_t kCodeUnit = 2;

uint64_t word_at(std::span<const uint8_t> bytes, uint16_t offset) {
  if (offset == kNoOffset) return 0;
  uint64_t word;
  std::memcpy(&word, bytes.data() + offset, sizeof word);
  return word;
}

// Places in a signature.
enum : size_t { kType, kLength, kFile, kName, kQualname, kLineTable, kFirstLine };

}  // namespace

bool is_init_shim(const Memory& memory, const PythonLayout& layout, Address code) {
  auto name = memory.pointer(code + layout.code.name);
  auto file = memory.pointer(code + layout.code.filename);
  constexpr std::string_view kInit = "__init__";
  return name && name == file && read_string(memory, layout, *name, kInit.size()) == kInit;
}

CodeCache::CodeCache(const Memory& memory, const PythonLayout& layout, Address code_type)
    : memory_(memory), layout_(layout), code_type_(code_type) {
  header_bytes_ = layout.walk.object_type;
  const CodeLayout& code = layout.code;
  for (uint16_t offset : {code.name, code.qualname, code.filename, code.line_table, code.first_line}) {
    if (offset != kNoOffset) header_bytes_ = std::max<size_t>(header_bytes_, offset);
  }
  header_bytes_ = std::min(header_bytes_ + sizeof(uint64_t), sizeof(Header));
  add({.problem = "code object not readable"});
}

CodeCache::Version CodeCache::add(CodeInfo info) {
  memory_use_ +=
      sizeof info + sizeof(Entry) + 64 + info.name.size() + info.file.size() + info.line_table.size();
  versions_.push_back(std::make_shared<const CodeInfo>(std::move(info)));
  return static_cast<Version>(versions_.size() - 1);
}

std::vector<bool> CodeCache::read_headers(std::span<const Address> codes,
                                          std::vector<Header>& headers) const {
  headers.resize(codes.size());
  std::vector<MemoryRange> ranges;
  ranges.reserve(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) ranges.push_back({codes[i], headers[i].data(), header_bytes_});
  return read_each(memory_, ranges);
}

CodeCache::Signature CodeCache::signature_of(const Header& header) const {
  const CodeLayout& code = layout_.code;
  // Before 3.11 a code object has no length of its own.
  uint16_t length = code.bytecode != kNoOffset ? layout_.container.size : kNoOffset;
  return {word_at(header, layout_.walk.object_type),
          word_at(header, length),
          word_at(header, code.filename),
          word_at(header, code.name),
          word_at(header, code.qualname),
          word_at(header, code.line_table),
          word_at(header, code.first_line) & UINT32_MAX};
}

bool CodeCache::is_code_type(Address type) {
  if (code_type_ != 0) return type == code_type_;
  auto name = memory_.pointer(type + layout_.container.type_name);
  if (!name || memory_.c_string(*name) != "code") return false;
  code_type_ = type;
  return true;
}

bool CodeCache::checked(Address code) const {
  auto found = entries_.find(code);
  return found != entries_.end() && found->second.batch == batch_;
}

CodeCache::Version CodeCache::version_of(Address code) const {
  auto found = entries_.find(code);
  return found == entries_.end() ? 0 : found->second.version;
}

void CodeCache::check(std::span<const Address> codes) {
  std::vector<Address> due;
  for (Address code : codes) {
    Entry& entry = entries_[code];
    if (entry.batch == batch_) continue;
    entry.batch = batch_;
    due.push_back(code);
  }
  if (due.empty()) return;
  std::vector<Header> headers;
  std::vector<bool> read = read_headers(due, headers);
  std::vector<Address> changed;
  std::vector<Signature> signatures;
  for (size_t i = 0; i < due.size(); ++i) {
    // What has gone since the stack was taken was, when it was taken, what it was the last time.
    if (!read[i]) continue;
    Signature signature = signature_of(headers[i]);
    if (signature == entries_[due[i]].signature || !is_code_type(signature[kType])) continue;
    changed.push_back(due[i]);
    signatures.push_back(signature);
  }
  if (!changed.empty()) read_new(changed, signatures);
}

void CodeCache::read_new(std::span<const Address> codes, std::span<const Signature> signatures) {
  constexpr size_t kParts = 3;
  std::vector<ObjectRequest> requests(codes.size() * kParts);
  for (size_t i = 0; i < codes.size(); ++i) {
    const Signature& signature = signatures[i];
    Address name = signature[layout_.code.qualname != kNoOffset ? kQualname : kName];
    requests[i * kParts] = {ObjectRequest::Type::kString, name, kNameLimit};
    requests[i * kParts + 1] = {ObjectRequest::Type::kString, signature[kFile], kNameLimit};
    requests[i * kParts + 2] = {ObjectRequest::Type::kBytes, signature[kLineTable], kLineTableLimit};
  }
  read_objects(memory_, layout_, requests);
  // The parts belong together only if the code object still is the same after they were read.
  std::vector<Header> headers;
  std::vector<bool> read = read_headers(codes, headers);
  for (size_t i = 0; i < codes.size(); ++i) {
    const Signature& signature = signatures[i];
    const auto& name = requests[i * kParts].content;
    const auto& file = requests[i * kParts + 1].content;
    const auto& line_table = requests[i * kParts + 2].content;
    bool same = read[i] && signature_of(headers[i]) == signature;
    if (!same || !name || !file || !line_table) continue;
    CodeInfo info;
    info.address = codes[i];
    info.name = *name;
    info.file = *file;
    info.line_table = *line_table;
    info.first_line = static_cast<int32_t>(signature[kFirstLine]);
    info.init_shim = signature[kFile] == signature[kName] && is_init_shim(memory_, layout_, codes[i]);
    if (layout_.code.bytecode != kNoOffset) {
      info.bytecode = codes[i] + layout_.code.bytecode;
      info.code_bytes = std::min<uint64_t>(signature[kLength], INT32_MAX / kCodeUnit) * kCodeUnit;
    }
    Entry& entry = entries_[codes[i]];
    entry.signature = signature;
    entry.version = add(std::move(info));
  }
}

int32_t CodeCache::offset_of(Version version, uint64_t ip) {
  const CodeInfo& info = *versions_[version];
  switch (layout_.instruction_pointer) {
    case InstructionPointer::kByteIndex:
      return static_cast<int32_t>(ip);
    case InstructionPointer::kUnitIndex:
      return static_cast<int32_t>(
          std::clamp<int64_t>(static_cast<int32_t>(ip) * kCodeUnit, -kCodeUnit, INT32_MAX));
    case InstructionPointer::kAddress:
      break;
  }
  if (!info.problem.empty()) return 0;
  auto offset = static_cast<int64_t>(ip - info.bytecode);
  if (offset >= -kCodeUnit && offset < static_cast<int64_t>(info.code_bytes))
    return static_cast<int32_t>(offset);
  if (layout_.code.tlbc != kNoOffset) return offset_in_copy(info, ip);
  return INT32_MAX;
}

// Threads of a free-threaded build run copies of the bytecode: _PyCodeArray, Include/cpython/code.h, a length
// and that many pointers.
int32_t CodeCache::offset_in_copy(const CodeInfo& info, uint64_t ip) const {
  constexpr uint64_t kMostCopies = 1 << 16;
  auto table = memory_.pointer(info.address + layout_.code.tlbc);
  if (!table || *table == 0) return INT32_MAX;
  auto count = memory_.get<uint64_t>(*table);
  if (!count || *count == 0 || *count > kMostCopies) return INT32_MAX;
  std::vector<uint64_t> copies(*count);
  if (!memory_.read(*table + sizeof(uint64_t), copies.data(), copies.size() * sizeof(uint64_t)))
    return INT32_MAX;
  for (uint64_t copy : copies) {
    if (ip + kCodeUnit >= copy && ip < copy + info.code_bytes) return static_cast<int32_t>(ip - copy);
  }
  return INT32_MAX;
}

}  // namespace rtprof
