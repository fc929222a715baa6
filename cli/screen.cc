#include "cli/screen.h"

// Functions only: its macros are named like other people's functions.
#define NCURSES_NOMACROS
#include <curses.h>
#include <unistd.h>

#include <clocale>

#include "cli/columns.h"

namespace rtprof::cli {
namespace {

// UTF-8 wherever the program runs: a static binary has the C.UTF-8 locale built in, and others only where the
// machine has them in the form of its own C library.
void use_utf8() {
  const char* locale = std::setlocale(LC_CTYPE, "");
  bool utf8 = locale != nullptr && MB_CUR_MAX > 1;
  if (!utf8) std::setlocale(LC_CTYPE, "C.UTF-8");
}

attr_t attribute_of(Screen::Style style) {
  switch (style) {
    case Screen::Style::kBold:
      return A_BOLD;
    case Screen::Style::kReverse:
      return A_REVERSE;
    case Screen::Style::kDim:
      return A_DIM;
    case Screen::Style::kPlain:
      break;
  }
  return A_NORMAL;
}

}  // namespace

std::unique_ptr<Screen> Screen::open() {
  use_utf8();
  std::unique_ptr<FILE, Closer> input;
  if (::isatty(STDIN_FILENO) == 0) input.reset(std::fopen("/dev/tty", "re"));
  std::unique_ptr<Screen> display(new Screen(std::move(input)));
  FILE* keys = display->input_ ? display->input_.get() : stdin;
  display->screen_ = ::newterm(nullptr, stdout, keys);
  if (display->screen_ == nullptr) return nullptr;
  ::cbreak();
  ::noecho();
  ::nonl();
  ::curs_set(0);
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(25);
  return display;
}

Screen::~Screen() {
  if (screen_ == nullptr) return;
  ::endwin();
  ::delscreen(screen_);
}

size_t Screen::rows() const {
  return static_cast<size_t>(LINES);
}
size_t Screen::columns() const {
  return static_cast<size_t>(COLS);
}

void Screen::draw(std::span<const Line> lines) {
  ::erase();
  int row = 0;
  for (const Line& line : lines) {
    if (row >= LINES) break;
    ::attrset(attribute_of(line.style));
    std::string cut = fit_start(line.text, columns());
    ::mvaddnstr(row, 0, cut.c_str(), static_cast<int>(cut.size()));
    ++row;
  }
  ::attrset(A_NORMAL);
  ::refresh();
}

std::optional<Screen::Press> Screen::next_key() {
  while (true) {
    int code = ::getch();
    switch (code) {
      case ERR:
        return std::nullopt;
      case KEY_UP:
        return Press{Key::kUp, 0};
      case KEY_DOWN:
        return Press{Key::kDown, 0};
      case KEY_PPAGE:
        return Press{Key::kPageUp, 0};
      case KEY_NPAGE:
        return Press{Key::kPageDown, 0};
      case KEY_HOME:
        return Press{Key::kHome, 0};
      case KEY_RESIZE:
        return Press{Key::kResized, 0};
      default:
        if (code >= ' ' && code < 127) return Press{Key::kCharacter, static_cast<char>(code)};
    }
  }
}

}  // namespace rtprof::cli
