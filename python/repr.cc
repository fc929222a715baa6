#include "python/repr.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "python/objects.h"

namespace rtprof {
namespace {

constexpr size_t kMostCharacters = 120;
constexpr size_t kMostBytesRead = kMostCharacters * 4;
constexpr size_t kMostElements = 8;
constexpr int kDeepest = 2;
constexpr size_t kLongestText = 600;
constexpr int kDigitBits = 30;
constexpr int64_t kMostDigits = 16;                     // 145 decimal digits
constexpr int64_t kMostDigitsThere = int64_t{1} << 50;  // against garbage

void append_escape(std::string& text, unsigned char character) {
  switch (character) {
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    case '\\':
      text += "\\\\";
      return;
    default:
      text += fmt::format("\\x{:02x}", character);
  }
}

// Python writes single quotes, unless there are only such in the text.
char quote_for(std::string_view text) {
  bool single = text.find('\'') != std::string_view::npos;
  bool twofold = text.find('"') != std::string_view::npos;
  return single && !twofold ? '"' : '\'';
}

void append_ascii(std::string& out, char character, char quote) {
  auto byte = static_cast<unsigned char>(character);
  if (character == quote) out += '\\';
  if (byte < 0x20 || byte == 0x7f || character == '\\') return append_escape(out, byte);
  out += character;
}

// The first characters of UTF-8.
std::string_view first_characters(std::string_view text, size_t count) {
  size_t at = 0;
  while (at < text.size()) {
    bool begins = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (begins && count-- == 0) return text.substr(0, at);
    ++at;
  }
  return text;
}

}  // namespace

std::string decimal_of(std::vector<uint32_t> digits) {
  constexpr uint32_t kChunk = 1'000'000'000;
  std::string text;
  while (true) {
    while (!digits.empty() && digits.back() == 0) digits.pop_back();
    if (digits.empty()) break;
    uint64_t rest = 0;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
      rest = rest << kDigitBits | *digit;
      *digit = static_cast<uint32_t>(rest / kChunk);
      rest %= kChunk;
    }
    std::string chunk = fmt::format("{:09}", rest);
    text.insert(0, chunk);
  }
  text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
  return text.empty() ? "0" : text;
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  std::string text = fmt::format("{}", value);
  bool plain = text.find_first_not_of("-0123456789") == std::string::npos;
  return plain ? text + ".0" : text;
}

std::string quoted(std::string_view text) {
  char quote = quote_for(text);
  std::string out(1, quote);
  for (char character : text) append_ascii(out, character, quote);
  return out + quote;
}

std::string quoted_bytes(std::string_view bytes) {
  char quote = quote_for(bytes);
  std::string out = "b";
  out += quote;
  for (char character : bytes) {
    auto byte = static_cast<unsigned char>(character);
    byte >= 0x80 ? append_escape(out, byte) : append_ascii(out, character, quote);
  }
  return out + quote;
}

std::string Repr::of(Address object) {
  std::string text;
  append(text, object, 0);
  return text;
}

// A class statement leaves the name in the type object, and the module in its dict; a type made by C code has
// both in its name.
std::string Repr::type_name(const TypeInfo& type) {
  if (!type.is(TypeInfo::kHeapType) || type.name.find('.') != std::string::npos) return type.name;
  const PythonLayout& layout = containers_.layout();
  const Memory& memory = containers_.memory();
  constexpr size_t kLongestName = 200;
  constexpr size_t kMostKeysBefore = 64;  // the body of a class sets __module__ before anything else
  std::string name = type.name;
  if (auto qualname = memory.pointer(type.address + layout.container.type_qualname))
    name = read_string(memory, layout, *qualname, kLongestName).value_or(name);
  auto dict = memory.pointer(type.address + layout.container.type_dict);
  auto module = dict && *dict != 0 ? containers_.find(*dict, "__module__", kMostKeysBefore) : std::nullopt;
  auto module_name = module ? read_string(memory, layout, *module, kLongestName) : std::nullopt;
  if (!module_name || *module_name == "builtins") return name;
  return *module_name + "." + name;
}

void Repr::append(std::string& text, Address object, int depth) {
  if (object != 0 && object == none_) {
    text += "None";
    return;
  }
  const TypeInfo* type = containers_.type_of(object);
  if (type == nullptr) {
    text += fmt::format("<unreadable at {:#x}>", object);
    return;
  }
  if (append_value(text, object, *type, depth)) return;
  if (type->is(TypeInfo::kType)) {
    const TypeInfo* itself = containers_.type_at(object);
    if (itself != nullptr) {
      text += fmt::format("<class '{}'>", type_name(*itself));
      return;
    }
  }
  text += fmt::format("<{} at {:#x}>", type_name(*type), object);
}

bool Repr::append_value(std::string& text, Address object, const TypeInfo& type, int depth) {
  if (type.is_exactly("NoneType")) {
    text += "None";
    return true;
  }
  if (type.is_exactly("bool")) {
    auto value = containers_.integer(object);
    if (value) text += *value != 0 ? "True" : "False";
    return value.has_value();
  }
  if (type.is_exactly("float")) {
    auto value = containers_.memory().get<double>(object + containers_.layout().container.float_value);
    if (value) text += float_text(*value);
    return value.has_value();
  }
  if (type.is_exactly("int")) return append_integer(text, object);
  if (type.is_exactly("str")) return append_quoted(text, object, false);
  if (type.is_exactly("bytes")) return append_quoted(text, object, true);
  return append_container(text, object, type, depth);
}

bool Repr::append_integer(std::string& text, Address object) const {
  const ContainerLayout& layout = containers_.layout().container;
  auto word = containers_.memory().get<int64_t>(object + layout.long_value);
  if (!word) return false;
  if (*word < -kMostDigitsThere || *word > kMostDigitsThere) return false;
  bool negative = layout.long_is_tagged ? (*word & 3) == 2 : *word < 0;
  int64_t count = layout.long_is_tagged ? *word >> 3 : negative ? -*word : *word;
  if (count < 0) return false;
  if (count > kMostDigits) {
    text += fmt::format("<{}int of {} bits>", negative ? "negative " : "", count * kDigitBits);
    return true;
  }
  std::vector<uint32_t> digits(static_cast<size_t>(count));
  if (count != 0 && !containers_.memory().read(object + layout.long_digits, digits.data(),
                                               digits.size() * sizeof(uint32_t)))
    return false;
  if (negative) text += '-';
  text += decimal_of(std::move(digits));
  return true;
}

bool Repr::append_quoted(std::string& text, Address object, bool bytes) const {
  using Type = ObjectRequest::Type;
  auto start = read_start(containers_.memory(), containers_.layout(), bytes ? Type::kBytes : Type::kString,
                          object, bytes ? kMostCharacters : kMostBytesRead);
  if (!start) return false;
  std::string_view content = *start->content;
  std::string_view shown = bytes ? content : first_characters(content, kMostCharacters);
  text += bytes ? quoted_bytes(shown) : quoted(shown);
  if (start->length > kMostCharacters) text += fmt::format("… of {}", start->length);
  return true;
}

void Repr::append_elements(std::string& text, const Containers::Elements& elements, int depth) {
  size_t shown = 0;
  for (; shown < elements.first.size() && text.size() < kLongestText; ++shown) {
    if (shown != 0) text += ", ";
    append(text, elements.first[shown], depth + 1);
  }
  if (shown < elements.length)
    text += fmt::format("{}… {} more", shown == 0 ? "" : ", ", elements.length - shown);
}

void Repr::append_items(std::string& text, const Containers::Items& items, int depth) {
  size_t shown = 0;
  for (; shown < items.first.size() && text.size() < kLongestText; ++shown) {
    if (shown != 0) text += ", ";
    append(text, items.first[shown].key, depth + 1);
    if (items.first[shown].value == 0) continue;
    text += ": ";
    append(text, items.first[shown].value, depth + 1);
  }
  if (shown < items.length) text += fmt::format("{}… {} more", shown == 0 ? "" : ", ", items.length - shown);
}

bool Repr::append_container(std::string& text, Address object, const TypeInfo& type, int depth) {
  size_t limit = depth < kDeepest ? kMostElements : 0;
  if (type.is_exactly("list") || type.is_exactly("tuple")) {
    bool is_list = type.is_exactly("list");
    auto elements = is_list ? containers_.list(object, limit) : containers_.tuple(object, limit);
    if (!elements) return false;
    text += is_list ? '[' : '(';
    append_elements(text, *elements, depth);
    if (!is_list && elements->length == 1) text += ',';
    text += is_list ? ']' : ')';
    return true;
  }
  bool is_dict = type.is_exactly("dict");
  bool is_frozen = type.is_exactly("frozenset");
  if (!is_dict && !is_frozen && !type.is_exactly("set")) return false;
  auto items = is_dict ? containers_.dict(object, limit) : containers_.set(object, limit);
  if (!items) return false;
  if (!is_dict && items->length == 0) {
    text += is_frozen ? "frozenset()" : "set()";
    return true;
  }
  text += is_frozen ? "frozenset({" : "{";
  append_items(text, *items, depth);
  text += is_frozen ? "})" : "}";
  return true;
}

}  // namespace rtprof
