#include "native/itanium_name.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace rtprof::native {
namespace {

constexpr int kMaxDepth = 200;
constexpr uint64_t kMaxPrinted = 1 << 16;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// Walks over a mangled name without building anything: each method stands at the start of what it is named
// after, and returns whether it was there, standing behind it. The grammar and its names:
// https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool encoding() {
    if (peek() == 'T' || peek() == 'G') return special_name();
    if (!name(false)) return false;
    while (!at_end() && peek() != 'E') {
      if (!type()) return false;
    }
    return true;
  }

  // `outermost`: the name whose own qualifiers are to be left out.
  bool name(bool outermost) {
    if (!deeper()) return false;
    bool found = name_inside(outermost);
    --depth_;
    return found;
  }

  size_t position() const { return position_; }
  // Where the qualifiers of the outermost name are; an empty range when it has none.
  size_t qualifiers_begin() const { return qualifiers_begin_; }
  size_t qualifiers_end() const { return qualifiers_end_; }

 private:
  bool at_end() const { return position_ >= text_.size(); }
  char peek(size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++position_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }
  // Stands behind any `count` characters; what they print as is at most `printed` long.
  bool skip(size_t count, uint64_t printed) {
    if (count > text_.size() - position_) return false;
    position_ += count;
    return print(printed);
  }
  bool print(uint64_t length) {
    printed_ += length;
    return printed_ <= kMaxPrinted;
  }
  bool deeper() { return ++depth_ <= kMaxDepth; }
  void skip_digits() {
    while (is_digit(peek())) ++position_;
  }

  // What was printed since `start` can be referred to by a substitution from here on.
  bool add_substitution(uint64_t start) {
    substitutions_.push_back(printed_ - start);
    largest_ = std::max(largest_, substitutions_.back());
    return true;
  }

  // S_, S0_, SA_ and the abbreviations Sa, Ss and so on; not St.
  bool substitution() {
    if (!take('S')) return false;
    if (is_lower(peek())) return skip(1, 16);
    size_t index = 0;
    bool first = true;
    while (!at_end() && peek() != '_') {
      char c = peek();
      if (!is_digit(c) && !is_upper(c)) return false;
      index = std::min<size_t>(index * 36 + static_cast<size_t>(is_digit(c) ? c - '0' : c - 'A' + 10),
                               text_.size());
      first = false;
      ++position_;
    }
    if (!first) ++index;
    // The table here is not that of the standard to the letter; what it lacks counts as the longest.
    return take('_') && print(index < substitutions_.size() ? substitutions_[index] : largest_);
  }

  bool template_parameter() {
    if (!take('T')) return false;
    if (take('L')) {
      skip_digits();
      if (!take('_')) return false;
    }
    skip_digits();
    return take('_') && print(largest_argument_);
  }

  bool name_inside(bool outermost) {
    uint64_t start = printed_;
    switch (peek()) {
      case 'N':
        return nested_name(outermost);
      case 'Z':
        return local_name(outermost);
      case 'S':
        if (peek(1) == 't') {
          if (!skip(2, 5) || !unqualified_name()) return false;
          break;
        }
        return substitution() && (peek() != 'I' || template_arguments());
      default:
        if (!unqualified_name()) return false;
    }
    return peek() != 'I' || (add_substitution(start) && template_arguments());
  }

  bool nested_name(bool outermost) {
    if (!take('N')) return false;
    size_t begin = position_;
    while (peek() == 'r' || peek() == 'V' || peek() == 'K') ++position_;
    if (peek() == 'R' || peek() == 'O' || peek() == 'H') ++position_;
    if (outermost) {
      qualifiers_begin_ = begin;
      qualifiers_end_ = position_;
    }
    uint64_t start = printed_;
    while (!take('E')) {
      bool is_candidate = true;
      if (!prefix_component(is_candidate)) return false;
      if (is_candidate && peek() != 'E') add_substitution(start);
    }
    return true;
  }

  bool prefix_component(bool& is_candidate) {
    switch (peek()) {
      case 'S':
        is_candidate = false;
        return peek(1) == 't' ? skip(2, 3) : substitution();
      case 'T':
        return template_parameter();
      case 'I':
        return template_arguments();
      case 'M':  // what follows is in the initialiser of this member
        is_candidate = false;
        return skip(1, 2);
      case 'D':
        if (peek(1) == 't' || peek(1) == 'T') return type();
        return unqualified_name();
      default:
        return unqualified_name();
    }
  }

  bool local_name(bool outermost) {
    if (!take('Z') || !deeper() || !encoding() || !take('E')) return false;
    --depth_;
    if (take('s')) return print(16) && discriminator();  // a string literal
    if (take('d')) {                                     // in a default argument
      skip_digits();
      if (!take('_') || !print(24)) return false;
    }
    return name(outermost) && discriminator();
  }

  bool discriminator() {
    if (peek() != '_') return true;
    if (is_digit(peek(1))) return skip(2, 0);
    if (peek(1) != '_') return true;
    position_ += 2;
    skip_digits();
    return take('_');
  }

  bool source_name() {
    size_t length = 0;
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) {
      length = length * 10 + static_cast<size_t>(peek() - '0');
      if (length > text_.size()) return false;
      ++position_;
    }
    return skip(length, std::max<uint64_t>(length, 21) + 2);  // "(anonymous namespace)" is 21 long
  }

  bool unqualified_name() {
    take('F');  // a friend that is defined in a class
    bool found = false;
    if (is_digit(peek())) {
      found = source_name();
    } else if (is_lower(peek())) {
      found = operator_name();
    } else if (peek() == 'L') {
      found = skip(1, 0) && source_name() && discriminator();
    } else if (peek() == 'C' || peek() == 'D') {
      found = special_member();
    } else if (peek() == 'U') {
      found = unnamed_type();
    }
    while (found && take('B')) found = source_name();  // ABI tags
    return found;
  }

  // Constructors and destructors, which print as the class does, and structured bindings.
  bool special_member() {
    if (take("DC")) {
      while (!take('E')) {
        if (!source_name()) return false;
      }
      return true;
    }
    if (take("CI")) return is_digit(peek()) && skip(1, largest_ + 1) && type();
    return is_digit(peek(1)) && skip(2, largest_ + 3);
  }

  bool unnamed_type() {
    if (take("Ul")) {
      while (!take('E')) {
        if (!template_declaration() && !type()) return false;
      }
    } else if (!take("Ut") && !take("Ub")) {
      return false;
    }
    skip_digits();
    return take('_') && print(24);
  }

  // Parameters of a lambda that is a template.
  bool template_declaration() {
    if (take("Ty")) return true;
    if (take("Tn")) return type();
    if (!take("Tt")) return false;
    while (!take('E')) {
      if (!template_declaration()) return false;
    }
    return true;
  }

  bool operator_name() {
    if (take("cv")) {
      bool outer = std::exchange(in_conversion_, true);
      bool found = print(10) && type();
      in_conversion_ = outer;
      return found;
    }
    if (take("li")) return print(12) && source_name();
    if (peek() == 'v' && is_digit(peek(1))) return skip(2, 10) && source_name();
    if (!is_lower(peek()) || !(is_lower(peek(1)) || is_upper(peek(1)))) return false;
    return skip(2, 20);
  }

  bool template_arguments() {
    if (!(take('I') || take('J')) || !deeper()) return false;
    while (!take('E')) {
      uint64_t start = printed_;
      if (!template_argument() || !print(2)) return false;
      largest_argument_ = std::max(largest_argument_, printed_ - start);
    }
    --depth_;
    return print(3);
  }

  bool template_argument() {
    switch (peek()) {
      case 'L':
        return literal();
      case 'X':
        return take('X') && expression() && take('E');
      case 'I':
      case 'J':
        return template_arguments();
      default:
        return type();
    }
  }

  bool literal() {
    if (!take('L') || !deeper()) return false;
    bool found = false;
    if (take("_Z")) {
      found = encoding();
    } else {
      found = type();
      while (found && !at_end() && peek() != 'E') found = skip(1, 1);
    }
    --depth_;
    return found && take('E');
  }

  bool type() {
    if (!deeper()) return false;
    uint64_t start = printed_;
    bool is_candidate = true;
    if (!type_inside(start, is_candidate)) return false;
    if (is_candidate) add_substitution(start);
    --depth_;
    return true;
  }

  bool type_inside(uint64_t start, bool& is_candidate) {
    switch (peek()) {
      case 'r':
      case 'V':
      case 'K':
        while (peek() == 'r' || peek() == 'V' || peek() == 'K') {
          if (!skip(1, 9)) return false;
        }
        return type();
      case 'P':
      case 'R':
      case 'O':
      case 'C':
      case 'G':
        return skip(1, 10) && type();
      case 'F':
        return function_type();
      case 'A':
        return array_type();
      case 'M':
        return skip(1, 6) && type() && type();
      case 'D':
        return d_type(is_candidate);
      case 'T':
        return t_type(start);
      case 'S':
        return s_type(is_candidate);
      case 'U':
        return u_type();
      case 'N':
      case 'Z':
        return name(false);
      case 'u':
        return skip(1, 0) && source_name() && (peek() != 'I' || template_arguments());
      default:
        if (is_digit(peek())) return name(false);
        is_candidate = false;
        return is_lower(peek()) && skip(1, 18);
    }
  }

  bool function_type() {
    if (!take('F')) return false;
    take('Y');  // extern "C"
    while (!take('E')) {
      if ((peek() == 'R' || peek() == 'O') && peek(1) == 'E') {
        ++position_;
      } else if (!type() || !print(2)) {
        return false;
      }
    }
    return print(8);
  }

  bool array_type() {
    if (!take('A')) return false;
    if (is_digit(peek())) {
      skip_digits();
    } else if (peek() != '_' && !expression()) {
      return false;
    }
    return take('_') && print(16) && type();
  }

  bool d_type(bool& is_candidate) {
    switch (peek(1)) {
      case 'p':
        return skip(2, 3) && type();
      case 't':
      case 'T':
        return skip(2, 12) && expression() && take('E');
      case 'o':
      case 'x':
        return skip(2, 12) && type();
      case 'O':
        return skip(2, 12) && expression() && take('E') && type();
      case 'w':
        position_ += 2;
        while (!take('E')) {
          if (!type()) return false;
        }
        return print(8) && type();
      case 'v':
        position_ += 2;
        if (take('_')) {
          if (!expression()) return false;
        } else {
          skip_digits();
        }
        return take('_') && print(24) && type();
      case 'B':
      case 'U':
        position_ += 2;
        if (is_digit(peek())) {
          skip_digits();
        } else if (!expression()) {
          return false;
        }
        return take('_') && print(24);
      case 'F':
        position_ += 2;
        skip_digits();
        is_candidate = false;
        return (take('_') || take('x') || take('b')) && print(16);
      default:
        is_candidate = false;
        return is_lower(peek(1)) && skip(2, 18);
    }
  }

  bool t_type(uint64_t start) {
    if (peek(1) == 's' || peek(1) == 'u' || peek(1) == 'e') return skip(2, 6) && name(false);
    if (!template_parameter()) return false;
    if (peek() != 'I') return true;
    if (!in_conversion_) return add_substitution(start) && template_arguments();
    // "operator T<…>": the arguments belong to the operator, unless it has some of its own behind them.
    size_t before = position_;
    if (template_arguments() && peek() == 'I') return true;
    position_ = before;
    return print(0);
  }

  bool s_type(bool& is_candidate) {
    if (peek(1) == 't') return name(false);
    if (!substitution()) return false;
    while (take('B')) {
      if (!source_name()) return false;
    }
    is_candidate = peek() == 'I';
    return !is_candidate || template_arguments();
  }

  bool u_type() {
    if (peek(1) == 'l' || peek(1) == 't' || peek(1) == 'b') return unqualified_name();
    return skip(1, 1) && source_name() && (peek() != 'I' || template_arguments()) && type();
  }

  bool expression() {
    if (!deeper()) return false;
    bool found = print(4) && expression_inside();
    --depth_;
    return found;
  }
  bool expressions(int count) {
    for (int i = 0; i < count; ++i) {
      if (!expression()) return false;
    }
    return true;
  }
  bool expressions_to_end() {
    while (!take('E')) {
      if (!expression()) return false;
    }
    return true;
  }

  bool expression_inside() {
    if (peek() == 'L') return literal();
    if (peek() == 'T') return template_parameter();
    if (is_digit(peek())) return unresolved_name();
    take("gs");
    if (take("on")) return unresolved_name();
    if (take("sr")) return type() && (take('E'), unresolved_name());
    if (take("fp") || take("fL")) return function_parameter_or_fold();
    if (take("fl") || take("fr")) return skip(2, 2) && expression();
    if (take("fR")) return skip(2, 2) && expressions(2);
    if (take("tl")) return type() && expressions_to_end();
    if (take("il") || take("cl") || take("cp")) return expressions_to_end();
    if (take("cv")) return type() && (take('_') ? expressions_to_end() : expression());
    if (take("sP")) return template_arguments_to_end();
    if (take("st") || take("ti") || take("at")) return type();
    if (take("dc") || take("sc") || take("cc") || take("rc")) return type() && expression();
    if (take("dt") || take("pt")) return expression() && member();
    if (take("nw") || take("na")) return new_expression();
    if (take("tr")) return true;
    if (take("qu")) return expressions(3);
    if (take('u')) return source_name() && template_arguments_to_end();
    return operator_expression();
  }

  bool template_arguments_to_end() {
    while (!take('E')) {
      if (!template_argument()) return false;
    }
    return true;
  }

  bool unresolved_name() {
    take("dn");
    return unqualified_name() && (peek() != 'I' || template_arguments());
  }

  bool member() {
    return is_digit(peek()) || peek() == 'o' || peek() == 'd' ? unresolved_name() : expression();
  }

  // Behind "fp" or "fL". "fL" is also a fold over an operator with an initial value.
  bool function_parameter_or_fold() {
    if (take('T')) return true;  // this
    bool is_fold = is_lower(peek()) && peek() != 'p' && peek() != 'r';
    if (is_fold) return skip(2, 2) && expressions(2);
    skip_digits();
    take('p');
    while (peek() == 'r' || peek() == 'V' || peek() == 'K') ++position_;
    skip_digits();
    return take('_') && print(10);
  }

  bool new_expression() {
    while (!take('_')) {
      if (!expression()) return false;
    }
    if (!type()) return false;
    if (take('E')) return true;
    if (take("pi")) return expressions_to_end();
    return expression();
  }

  bool operator_expression() {
    static constexpr std::string_view kUnary[] = {"ps", "ng", "ad", "de", "co", "nt", "sp", "sz",
                                                  "az", "te", "nx", "tw", "dl", "da", "sZ", "aw"};
    if (take("pp") || take("mm")) return (take('_'), expression());  // '_': in front of its operand
    for (std::string_view unary : kUnary) {
      if (take(unary)) return expression();
    }
    if (!is_lower(peek()) || !(is_lower(peek(1)) || is_upper(peek(1)))) return false;
    return skip(2, 4) && expressions(2);
  }

  bool special_name() {
    if (!deeper()) return false;
    bool found = print(32) && special_inside();
    --depth_;
    return found;
  }

  bool special_inside() {
    if (take("TV") || take("TT") || take("TI") || take("TS") || take("TF") || take("TJ")) return type();
    if (take("Tc")) return call_offset() && call_offset() && encoding();
    if (take("TC")) {
      if (!type()) return false;
      skip_digits();
      return take('_') && type();
    }
    if (take("TH") || take("TW") || take("GV")) return name(false);
    if (take("TA")) return template_argument();
    if (peek() == 'T' && (peek(1) == 'h' || peek(1) == 'v')) return take('T') && call_offset() && encoding();
    if (take("GR")) {
      if (!name(false)) return false;
      while (is_digit(peek()) || is_upper(peek())) ++position_;
      return take('_') || at_end();
    }
    if (take("GA") || take("GTt") || take("GTn")) return encoding();
    return false;
  }

  bool call_offset() {
    int numbers = take('h') ? 1 : take('v') ? 2 : 0;
    for (int i = 0; i < numbers; ++i) {
      take('n');
      skip_digits();
      if (!take('_')) return false;
    }
    return numbers != 0;
  }

  std::string_view text_;
  size_t position_ = 2;  // behind "_Z"
  size_t qualifiers_begin_ = 2;
  size_t qualifiers_end_ = 2;
  int depth_ = 0;
  bool in_conversion_ = false;
  // Bounds of the lengths of texts: of what was walked over, of each candidate for a substitution, of the
  // longest of them, of the longest template argument.
  uint64_t printed_ = 0;
  std::vector<uint64_t> substitutions_;
  uint64_t largest_ = 0;
  uint64_t largest_argument_ = 0;
};

}  // namespace

std::optional<std::string> without_parameters(std::string_view mangled) {
  if (!mangled.starts_with("_Z") || mangled.size() < 3) return std::nullopt;
  Scanner scanner(mangled);
  if (mangled[2] == 'T' || mangled[2] == 'G') {
    if (!scanner.encoding() && !mangled.substr(scanner.position()).starts_with('.')) return std::nullopt;
    return std::string(mangled.substr(0, scanner.position()));
  }
  if (!scanner.name(true)) return std::nullopt;
  std::string name(mangled.substr(0, scanner.qualifiers_begin()));
  name += mangled.substr(scanner.qualifiers_end(), scanner.position() - scanner.qualifiers_end());
  return name;
}

}  // namespace rtprof::native
