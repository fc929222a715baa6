#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>

struct screen;  // of curses

namespace rtprof::cli {

// The terminal as a full screen. What was on it comes back when this is destroyed. One at a time.
class Screen {
 public:
  // Null where the terminal cannot do it: TERM is not set, or this machine does not know it.
  static std::unique_ptr<Screen> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  size_t rows() const;
  size_t columns() const;

  enum class Style { kPlain, kBold, kReverse, kDim };
  struct Line {
    std::string text;  // UTF-8; cut at the edge
    Style style = Style::kPlain;
  };
  // Draws the lines from the top, and nothing below them.
  void draw(std::span<const Line> lines);

  enum class Key { kCharacter, kUp, kDown, kPageUp, kPageDown, kHome, kResized };
  struct Press {
    Key key = Key::kCharacter;
    char character = 0;
  };
  // The next key that waits to be read, at once; keys without a meaning here are passed over.
  std::optional<Press> next_key();

 private:
  struct Closer {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  explicit Screen(std::unique_ptr<FILE, Closer> input) : input_(std::move(input)) {}

  std::unique_ptr<FILE, Closer> input_;  // the terminal, where standard input is something else
  screen* screen_ = nullptr;
};

}  // namespace rtprof::cli
