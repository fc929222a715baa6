#include "python/objects.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace rtprof {
namespace {

constexpr size_t kHeaderBytes = 96;  // of a PyUnicodeObject at most, on every version

template <typename T>
T field(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

void append_utf8(std::string& text, uint32_t character) {
  if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) character = 0xfffd;
  auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0 | character >> 6);
    put(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    put(0xe0 | character >> 12);
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  } else {
    put(0xf0 | character >> 18);
    put(0x80 | (character >> 12 & 0x3f));
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  }
}

// Where the contents of an object are.
struct Contents {
  Address address = 0;
  size_t size = 0;   // bytes
  size_t width = 1;  // bytes a character
};

// Bytes of an object's start that contents_of() needs. Not more than kHeaderBytes: debug offsets are checked
// against the order and sizes of these members (debug_offsets.cc), the tables of older versions by a test.
size_t header_size(const PythonLayout& layout, ObjectRequest::Type type) {
  if (type == ObjectRequest::Type::kBytes) return layout.bytes.length + sizeof(int64_t);
  return layout.string.state + sizeof(uint32_t);
}

std::optional<Contents> contents_of(const Memory& memory, const PythonLayout& layout, ObjectRequest& request,
                                    std::span<const uint8_t> header) {
  bool is_string = request.type == ObjectRequest::Type::kString;
  auto length = field<int64_t>(header, is_string ? layout.string.length : layout.bytes.length);
  if (length < 0) return std::nullopt;
  request.length = static_cast<uint64_t>(length);
  bool too_long = request.length > request.limit;
  if (too_long && !request.cut) return std::nullopt;
  Contents contents;
  contents.size = too_long ? request.limit : request.length;
  if (!is_string) {
    contents.address = request.address + layout.bytes.data;
    return contents;
  }
  uint32_t state = field<uint32_t>(header, layout.string.state) >> layout.string.kind_shift;
  uint32_t kind = state & 7;
  bool compact = (state & 8) != 0;
  bool ascii = (state & 16) != 0;
  if (kind != 1 && kind != 2 && kind != 4) return std::nullopt;  // 0: a legacy string that is not ready
  contents.width = kind;
  contents.size *= kind;
  if (contents.size > request.limit) {
    if (!request.cut) return std::nullopt;
    contents.size = request.limit / kind * kind;
  }
  contents.address = request.address + (ascii ? layout.string.ascii_size : layout.string.compact_size);
  if (!compact) {
    auto data = memory.pointer(request.address + layout.string.data_pointer);
    if (!data || *data == 0) return std::nullopt;
    contents.address = *data;
  }
  return contents;
}

}  // namespace

std::vector<bool> read_each(const Memory& memory, std::span<const MemoryRange> ranges) {
  std::vector<bool> read(ranges.size(), false);
  size_t done = 0;
  while (done < ranges.size()) {
    size_t whole = memory.read_batch(ranges.subspan(done));
    std::fill_n(read.begin() + static_cast<ptrdiff_t>(done), whole, true);
    done += whole + 1;
  }
  return read;
}

void read_objects(const Memory& memory, const PythonLayout& layout, std::span<ObjectRequest> requests) {
  std::vector<std::array<uint8_t, kHeaderBytes>> headers(requests.size());
  std::vector<MemoryRange> ranges;
  ranges.reserve(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    ranges.push_back({requests[i].address, headers[i].data(), header_size(layout, requests[i].type)});
  }
  std::vector<bool> read = read_each(memory, ranges);

  std::vector<std::vector<uint8_t>> data(requests.size());
  std::vector<std::optional<Contents>> contents(requests.size());
  std::vector<size_t> wanted;
  ranges.clear();
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].content.reset();
    if (requests[i].address == 0 || !read[i]) continue;
    contents[i] = contents_of(memory, layout, requests[i], headers[i]);
    if (!contents[i]) continue;
    data[i].resize(contents[i]->size);
    wanted.push_back(i);
    ranges.push_back({contents[i]->address, data[i].data(), data[i].size()});
  }
  read = read_each(memory, ranges);
  for (size_t k = 0; k < wanted.size(); ++k) {
    size_t i = wanted[k];
    if (!read[k]) continue;
    requests[i].content = requests[i].type == ObjectRequest::Type::kString
                              ? utf8_from(data[i], contents[i]->width)
                              : std::string(data[i].begin(), data[i].end());
  }
}

std::optional<std::string> read_string(const Memory& memory, const PythonLayout& layout, Address address,
                                       size_t limit) {
  ObjectRequest request;
  request.address = address;
  request.limit = limit;
  read_objects(memory, layout, {&request, 1});
  return request.content;
}

std::optional<ObjectRequest> read_start(const Memory& memory, const PythonLayout& layout,
                                        ObjectRequest::Type type, Address address, size_t limit) {
  ObjectRequest request{.type = type, .address = address, .limit = limit, .cut = true};
  read_objects(memory, layout, {&request, 1});
  return request.content ? std::optional(std::move(request)) : std::nullopt;
}

std::optional<std::string> type_name_of(const Memory& memory, const PythonLayout& layout, Address object) {
  auto type = memory.pointer(object + layout.walk.object_type);
  if (!type || *type == 0) return std::nullopt;
  auto name = memory.pointer(*type + layout.container.type_name);
  if (!name || *name == 0) return std::nullopt;
  return memory.c_string(*name);
}

std::string utf8_from(std::span<const uint8_t> characters, size_t width) {
  std::string text;
  text.reserve(characters.size());
  for (size_t at = 0; at + width <= characters.size(); at += width) {
    uint32_t character = characters[at];
    if (width == 2) character = field<uint16_t>(characters, at);
    if (width == 4) character = field<uint32_t>(characters, at);
    append_utf8(text, character);
  }
  return text;
}

}  // namespace rtprof
