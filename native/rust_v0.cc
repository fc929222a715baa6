#include "native/rust_v0.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace rtprof::native {
namespace {

constexpr size_t kMaxOutput = 1 << 16;
constexpr int kMaxDepth = 200;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

std::string_view basic_type(char tag) {
  switch (tag) {
    case 'a':
      return "i8";
    case 'b':
      return "bool";
    case 'c':
      return "char";
    case 'd':
      return "f64";
    case 'e':
      return "str";
    case 'f':
      return "f32";
    case 'h':
      return "u8";
    case 'i':
      return "isize";
    case 'j':
      return "usize";
    case 'l':
      return "i32";
    case 'm':
      return "u32";
    case 'n':
      return "i128";
    case 'o':
      return "u128";
    case 'p':
      return "_";
    case 's':
      return "i16";
    case 't':
      return "u16";
    case 'u':
      return "()";
    case 'v':
      return "...";
    case 'x':
      return "i64";
    case 'y':
      return "u64";
    case 'z':
      return "!";
    default:
      return {};
  }
}

void append_utf8(std::string& text, uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  int continuations = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint32_t kLeads[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kLeads[continuations] | (code >> (6 * continuations)));
  while (continuations-- > 0) text += static_cast<char>(0x80 | ((code >> (6 * continuations)) & 0x3f));
}

// RFC 3492, with the letters that do not need encoding before the last '_'.
std::optional<std::string> decode_punycode(std::string_view encoded) {
  std::vector<uint32_t> codes;
  size_t delimiter = encoded.rfind('_');
  if (delimiter != std::string_view::npos) {
    codes.assign(encoded.begin(), encoded.begin() + static_cast<ptrdiff_t>(delimiter));
    encoded.remove_prefix(delimiter + 1);
  }
  if (encoded.empty() || encoded.size() > 256) return std::nullopt;
  constexpr uint64_t kBase = 36, kMinThreshold = 1, kMaxThreshold = 26, kSkew = 38;
  uint64_t code = 0x80, bias = 72, damping = 700, position = 0;
  for (size_t at = 0; at < encoded.size();) {
    uint64_t delta = 0, weight = 1;
    for (uint64_t k = kBase;; k += kBase) {
      if (at == encoded.size()) return std::nullopt;
      char c = encoded[at++];
      if (!is_lower(c) && !is_digit(c)) return std::nullopt;
      auto digit = static_cast<uint64_t>(is_lower(c) ? c - 'a' : c - '0' + 26);
      delta += digit * weight;
      uint64_t threshold = k <= bias ? kMinThreshold : std::clamp(k - bias, kMinThreshold, kMaxThreshold);
      if (digit < threshold) break;
      weight *= kBase - threshold;
      if (weight > UINT32_MAX || delta > UINT32_MAX) return std::nullopt;
    }
    position += delta;
    uint64_t length = codes.size() + 1;
    code += position / length;
    position %= length;
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return std::nullopt;
    codes.insert(codes.begin() + static_cast<ptrdiff_t>(position), static_cast<uint32_t>(code));
    ++position;
    delta = delta / damping + delta / damping / length;
    damping = 2;
    uint64_t k = 0;
    for (; delta > (kBase - kMinThreshold) * kMaxThreshold / 2; k += kBase) delta /= kBase - kMinThreshold;
    bias = k + (kBase - kMinThreshold + 1) * delta / (delta + kSkew);
  }
  std::string text;
  for (uint32_t c : codes) append_utf8(text, c);
  return text;
}

// Decodes by recursive descent; each method stands at the start of what it is named after and returns whether
// it was there. https://doc.rust-lang.org/rustc/symbol-mangling/v0.html#symbol-grammar-summary
class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  bool symbol() {
    if (is_digit(peek())) return false;  // versions of the encoding to come
    if (!path(true)) return false;
    if (!is_upper(peek())) return at_end();
    silent_ = true;  // the crate that the instance was made for
    return path(false) && at_end();
  }

  std::string take_output() { return std::move(output_); }

 private:
  struct Identifier {
    std::string_view bytes;
    bool is_punycode = false;
    uint64_t disambiguator = 0;
  };

  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  char next() { return at_end() ? '\0' : text_[position_++]; }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++position_;
    return true;
  }
  bool print(std::string_view text) {
    if (!silent_) output_ += text;
    return output_.size() <= kMaxOutput;
  }
  bool deeper() { return ++depth_ <= kMaxDepth; }

  // "_" is 0, and "DIGITS_" one more than the digits say, in base 62.
  std::optional<uint64_t> base_62() {
    if (take('_')) return 0;
    uint64_t value = 0;
    while (!take('_')) {
      char c = next();
      uint64_t digit = 0;
      if (is_digit(c)) {
        digit = static_cast<uint64_t>(c - '0');
      } else if (is_lower(c)) {
        digit = static_cast<uint64_t>(c - 'a') + 10;
      } else if (is_upper(c)) {
        digit = static_cast<uint64_t>(c - 'A') + 36;
      } else {
        return std::nullopt;
      }
      if (value > (UINT64_MAX - digit - 1) / 62) return std::nullopt;
      value = value * 62 + digit;
    }
    return value + 1;
  }
  // A number behind a tag: 0 without the tag, and one more than the number with it.
  std::optional<uint64_t> optional_base_62(char tag) {
    if (!take(tag)) return 0;
    auto value = base_62();
    if (!value || *value == UINT64_MAX) return std::nullopt;
    return *value + 1;
  }

  std::optional<Identifier> identifier() {
    Identifier found;
    auto disambiguator = optional_base_62('s');
    if (!disambiguator) return std::nullopt;
    found.disambiguator = *disambiguator;
    return plain_identifier(found) ? std::optional(found) : std::nullopt;
  }
  bool plain_identifier(Identifier& found) {
    found.is_punycode = take('u');
    if (!is_digit(peek())) return false;
    size_t length = static_cast<size_t>(next() - '0');
    while (length != 0 && is_digit(peek())) {
      length = length * 10 + static_cast<size_t>(next() - '0');
      if (length > text_.size()) return false;
    }
    take('_');  // between the length and an identifier that begins with a digit or '_'
    if (length > text_.size() - std::min(position_, text_.size())) return false;
    found.bytes = text_.substr(position_, length);
    position_ += length;
    return true;
  }
  bool print_identifier(const Identifier& name) {
    if (!name.is_punycode) return print(name.bytes);
    auto decoded = decode_punycode(name.bytes);
    return print(decoded ? *decoded : fmt::format("punycode{{{}}}", name.bytes));
  }

  // Goes on at an earlier place and comes back.
  template <typename Read>
  bool back_reference(Read read) {
    size_t tag = position_ - 1;
    auto target = base_62();
    if (!target || *target >= tag) return false;
    if (silent_) return true;
    size_t after = std::exchange(position_, static_cast<size_t>(*target));
    bool found = read();
    position_ = after;
    return found;
  }

  // `in_value`: in an expression, where generic arguments stand behind "::".
  bool path(bool in_value) {
    if (!deeper()) return false;
    bool found = path_inside(in_value);
    --depth_;
    return found;
  }

  bool path_inside(bool in_value) {
    switch (next()) {
      case 'C': {
        auto name = identifier();
        return name && print_identifier(*name);
      }
      case 'M':
        return impl_path() && print("<") && type() && print(">");
      case 'X':
        return impl_path() && print("<") && type() && print(" as ") && path(false) && print(">");
      case 'Y':
        return print("<") && type() && print(" as ") && path(false) && print(">");
      case 'N':
        return nested_path(in_value);
      case 'I':
        return path(in_value) && print(in_value ? "::<" : "<") && generic_arguments() && print(">");
      case 'B':
        return back_reference([&] { return path(in_value); });
      default:
        return false;
    }
  }

  // Where an impl block is, which its type says better.
  bool impl_path() {
    if (!optional_base_62('s')) return false;
    bool outer = std::exchange(silent_, true);
    bool found = path(false);
    silent_ = outer;
    return found;
  }

  bool nested_path(bool in_value) {
    char name_space = next();
    if (!is_lower(name_space) && !is_upper(name_space)) return false;
    if (!path(in_value)) return false;
    auto name = identifier();
    if (!name) return false;
    if (is_lower(name_space)) return name->bytes.empty() || (print("::") && print_identifier(*name));
    std::string kind = name_space == 'C'   ? "closure"
                       : name_space == 'S' ? "shim"
                                           : std::string(1, name_space);
    if (!print("::{") || !print(kind)) return false;
    if (!name->bytes.empty() && !(print(":") && print_identifier(*name))) return false;
    return print(fmt::format("#{}}}", name->disambiguator));
  }

  bool generic_arguments() {
    for (bool first = true; !take('E'); first = false) {
      if (!first && !print(", ")) return false;
      bool found = peek() == 'L' ? lifetime() : take('K') ? constant() : type();
      if (!found) return false;
    }
    return true;
  }

  bool lifetime() {
    if (!take('L')) return false;
    auto index = base_62();
    return index && print_lifetime(*index);
  }
  // 0 is erased, 1 the innermost that is bound.
  bool print_lifetime(uint64_t index) {
    if (index == 0) return print("'_");
    if (index > bound_lifetimes_) return false;
    return print_lifetime_name(bound_lifetimes_ - index);
  }
  bool print_lifetime_name(uint64_t number) {
    if (number < 26) return print(fmt::format("'{}", static_cast<char>('a' + number)));
    return print(fmt::format("'_{}", number));
  }

  // Reads `for<…>`, then what it is for.
  template <typename Read>
  bool bound(Read read) {
    auto count = optional_base_62('G');
    if (!count || *count > text_.size()) return false;
    uint64_t outer = bound_lifetimes_;
    bool found = true;
    for (uint64_t i = 0; found && i < *count; ++i) {
      found = print(i == 0 ? "for<" : ", ") && print_lifetime_name(bound_lifetimes_++);
    }
    found = found && (*count == 0 || print("> ")) && read();
    bound_lifetimes_ = outer;
    return found;
  }

  bool type() {
    if (!deeper()) return false;
    bool found = type_inside();
    --depth_;
    return found;
  }

  bool type_inside() {
    std::string_view basic = basic_type(peek());
    if (!basic.empty()) {
      ++position_;
      return print(basic);
    }
    switch (peek()) {
      case 'R':
      case 'Q':
        return reference();
      case 'P':
        return take('P') && print("*const ") && type();
      case 'O':
        return take('O') && print("*mut ") && type();
      case 'A':
        return take('A') && print("[") && type() && print("; ") && constant() && print("]");
      case 'S':
        return take('S') && print("[") && type() && print("]");
      case 'T':
        return tuple();
      case 'F':
        return take('F') && bound([&] { return function_signature(); });
      case 'D':
        return trait_object();
      case 'B':
        return take('B') && back_reference([&] { return type(); });
      default:
        return path(false);
    }
  }

  bool reference() {
    bool is_mutable = next() == 'Q';
    if (!print("&")) return false;
    if (take('L')) {
      auto index = base_62();
      if (!index) return false;
      if (*index != 0 && !(print_lifetime(*index) && print(" "))) return false;
    }
    return (!is_mutable || print("mut ")) && type();
  }

  bool tuple() {
    if (!take('T') || !print("(")) return false;
    size_t count = 0;
    for (; !take('E'); ++count) {
      if (count != 0 && !print(", ")) return false;
      if (!type()) return false;
    }
    return print(count == 1 ? ",)" : ")");
  }

  bool function_signature() {
    if (take('U') && !print("unsafe ")) return false;
    if (take('K') && !interface()) return false;
    if (!print("fn(")) return false;
    for (bool first = true; !take('E'); first = false) {
      if (!first && !print(", ")) return false;
      if (!type()) return false;
    }
    if (!print(")")) return false;
    return take('u') || (print(" -> ") && type());
  }

  // "C", or another calling convention with '_' for '-'.
  bool interface() {
    Identifier name;
    if (take('C')) {
      name.bytes = "C";
    } else if (!plain_identifier(name) || name.is_punycode) {
      return false;
    }
    std::string text(name.bytes);
    std::replace(text.begin(), text.end(), '_', '-');
    return print("extern \"") && print(text) && print("\" ");
  }

  bool trait_object() {
    if (!take('D') || !print("dyn ")) return false;
    bool found = bound([&] {
      for (bool first = true; !take('E'); first = false) {
        if (!first && !print(" + ")) return false;
        if (!object_trait()) return false;
      }
      return true;
    });
    if (!found || !take('L')) return false;
    auto index = base_62();
    if (!index) return false;
    return *index == 0 || (print(" + ") && print_lifetime(*index));
  }

  // A trait with its associated types among the generic arguments: "Fn<(u32,), Output = bool>".
  bool object_trait() {
    bool is_open = false;
    if (!open_path(is_open)) return false;
    while (take('p')) {
      if (!print(is_open ? ", " : "<")) return false;
      is_open = true;
      Identifier name;
      if (!plain_identifier(name) || !print_identifier(name) || !print(" = ") || !type()) return false;
    }
    return !is_open || print(">");
  }
  // A path without the ">" of its generic arguments; `is_open` says whether it has some.
  bool open_path(bool& is_open) {
    if (!deeper()) return false;
    bool found = false;
    if (take('B')) {
      found = back_reference([&] { return open_path(is_open); });
    } else if (take('I')) {
      is_open = true;
      found = path(false) && print("<") && generic_arguments();
    } else {
      found = path(false);
    }
    --depth_;
    return found;
  }

  bool constant() {
    if (!deeper()) return false;
    bool found = constant_inside();
    --depth_;
    return found;
  }

  bool constant_inside() {
    if (take('B')) return back_reference([&] { return constant(); });
    switch (next()) {
      case 'p':
        return print("_");
      case 'h':
      case 't':
      case 'm':
      case 'y':
      case 'o':
      case 'j':
        return integer();
      case 'a':
      case 's':
      case 'l':
      case 'x':
      case 'n':
      case 'i':
        return (!take('n') || print("-")) && integer();
      case 'b': {
        auto digits = hex_digits();
        if (!digits || (*digits != "0" && *digits != "1")) return false;
        return print(*digits == "1" ? "true" : "false");
      }
      case 'c':
        return character();
      default:
        return false;
    }
  }

  // Without leading zeros; "0" for none.
  std::optional<std::string_view> hex_digits() {
    size_t begin = position_;
    while (is_hex(peek())) ++position_;
    std::string_view digits = text_.substr(begin, position_ - begin);
    if (!take('_')) return std::nullopt;
    while (digits.starts_with('0')) digits.remove_prefix(1);
    return digits.empty() ? std::string_view("0") : digits;
  }
  static uint64_t hex_value(std::string_view digits) {
    uint64_t value = 0;
    for (char c : digits) value = value * 16 + static_cast<uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
    return value;
  }
  bool integer() {
    auto digits = hex_digits();
    if (!digits) return false;
    if (digits->size() > 16) return print("0x") && print(*digits);
    return print(fmt::format("{}", hex_value(*digits)));
  }
  bool character() {
    auto digits = hex_digits();
    if (!digits || digits->size() > 6) return false;
    uint64_t code = hex_value(*digits);
    switch (code) {
      case '\t':
        return print("'\\t'");
      case '\r':
        return print("'\\r'");
      case '\n':
        return print("'\\n'");
      default:
        if (code >= ' ' && code <= '~') return print(fmt::format("'{}'", static_cast<char>(code)));
        return print(fmt::format("'\\u{{{:x}}}'", code));
    }
  }

  std::string_view text_;  // behind "_R": what back references count from
  size_t position_ = 0;
  int depth_ = 0;
  uint64_t bound_lifetimes_ = 0;
  bool silent_ = false;
  std::string output_;
};

}  // namespace

std::optional<std::string> demangle_rust_v0(std::string_view symbol) {
  if (!symbol.starts_with("_R")) return std::nullopt;
  symbol.remove_prefix(2);
  symbol = symbol.substr(0, symbol.find_first_of(".$"));  // what a vendor or LLVM adds
  Decoder decoder(symbol);
  if (!decoder.symbol()) return std::nullopt;
  return decoder.take_output();
}

}  // namespace rtprof::native
