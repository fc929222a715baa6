#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/call_paths.h"
#include "report/html.h"
#include "report/palette.h"
#include "report/text.h"
#include "report/units.h"

namespace rtprof {
namespace {

constexpr double kWidth = 1200;
constexpr double kMargin = 10;
constexpr double kHead = 52;
constexpr double kFoot = 12;
constexpr double kRow = 16;
constexpr double kFontSize = 12;
constexpr double kCharWidth = 0.602 * kFontSize;  // of the usual monospace fonts
constexpr double kTextPad = 3;

// As much of a text as fits into `room` pixels, in whole characters; empty when that says nothing.
std::string fit(const std::string& text, double room) {
  auto limit = static_cast<size_t>(std::max(0.0, room / kCharWidth));
  size_t characters = 0;
  size_t cut = 0;  // where the first limit - 2 characters end
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xc0) == 0x80) continue;
    if (characters + 2 == limit) cut = i;
    ++characters;
  }
  if (characters <= limit) return text;
  return limit < 3 ? std::string() : text.substr(0, cut) + "..";
}

class Picture {
 public:
  Picture(View& view, const Series& series)
      : view_(view), event_(series.event()), paths_(view, series), palette_(find_palette("")) {
    if (const Palette* chosen = find_palette(view.options().colors)) palette_ = chosen;
  }

  void draw(Sink& out, const Series& series) {
    UnitRounder rounder = units();
    paths_.for_each([&](std::span<const ShownId>, int64_t weight) { whole_ += rounder.units(weight); });
    scale_ = whole_ > 0 ? (kWidth - 2 * kMargin) / static_cast<double>(whole_) : 0;
    lay_out();
    double height = kHead + static_cast<double>(levels_) * kRow + kFoot;
    head(out, series, height);
    for (auto box = boxes_.rbegin(); box != boxes_.rend(); ++box) frame(out, *box, height);
    out.write("</svg>\n");
  }

 private:
  struct Box {
    ShownId frame;
    uint32_t level;  // 0: that of everything, which is no frame
    int64_t total;
    double x;
  };
  // A box that is still to get what else its frame calls, the next at `next_x`.
  struct OpenBox {
    ShownId frame;
    int64_t total;
    double x;
    double next_x;
  };

  UnitRounder units() const { return {view_.profile(), event_, view_.options()}; }
  double width_of(int64_t total) const { return static_cast<double>(total) * scale_; }

  void lay_out();
  void close_last(std::vector<OpenBox>& open);
  void head(Sink& out, const Series& series, double height) const;
  void frame(Sink& out, const Box& box, double height) const;
  std::string amount(int64_t units) const;

  View& view_;
  Event event_;
  CallPaths paths_;
  const Palette* palette_;
  int64_t whole_ = 0;
  double scale_ = 0;
  std::vector<Box> boxes_;  // those that are wide enough to be seen; a caller after what it calls
  uint32_t levels_ = 0;
};

void Picture::lay_out() {
  UnitRounder rounder = units();
  std::vector<OpenBox> open{{0, 0, kMargin, kMargin}};
  paths_.for_each([&](std::span<const ShownId> path, int64_t weight) {
    size_t common = 0;
    while (common < std::min(path.size(), open.size() - 1) && open[common + 1].frame == path[common])
      ++common;
    while (open.size() > common + 1) close_last(open);
    for (ShownId frame : path.subspan(common)) {
      double x = open.back().next_x;
      open.push_back({frame, 0, x, x});
    }
    open.back().total += rounder.units(weight);
  });
  while (!open.empty()) close_last(open);
}

void Picture::close_last(std::vector<OpenBox>& open) {
  OpenBox last = open.back();
  open.pop_back();
  if (!open.empty()) {
    open.back().total += last.total;
    open.back().next_x += width_of(last.total);
  }
  if (last.total <= 0 || width_of(last.total) < view_.options().min_width) return;
  auto level = static_cast<uint32_t>(open.size());
  boxes_.push_back({last.frame, level, last.total, last.x});
  levels_ = std::max(levels_, level + 1);
}

std::string Picture::amount(int64_t units) const {
  if (weighs_periods(view_.profile(), event_, view_.options())) return grouped(units) + " samples";
  return weight_text(event_, units);
}

void Picture::head(Sink& out, const Series& series, double height) const {
  const Profile& profile = view_.profile();
  const ReportOptions& options = view_.options();
  std::string title = options.title.empty() ? default_title(profile, {&series}, options) : options.title;
  out.print(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\">\n<title>{2}</title>\n"
      "<style>text{{font:{3}px monospace;fill:#14171c}}rect.frame:hover{{stroke:#14171c}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kWidth, height, markup_text(title), kFontSize);
  out.print("<text x=\"{}\" y=\"24\" text-anchor=\"middle\" style=\"font:bold 16px sans-serif\">{}</text>\n",
            kWidth / 2, markup_text(title));
  std::string rate = profile.rate > 0 ? fmt::format(" at {} Hz", profile.rate) : "";
  out.print(
      "<text x=\"{}\" y=\"42\" text-anchor=\"middle\" style=\"font:12px sans-serif\">{}: {} over {}{}"
      "</text>\n",
      kWidth / 2, event_name(event_), amount(whole_), weight_text(Event::kWall, profile.duration), rate);
}

void Picture::frame(Sink& out, const Box& box, double height) const {
  bool is_root = box.level == 0;
  const std::string text = is_root ? "all" : view_.shown(box.frame).text;
  ShownKind kind = is_root ? ShownKind::kProcess : view_.shown(box.frame).kind;
  double level = box.level;
  double y = view_.options().inverted ? kHead + level * kRow : height - kFoot - (level + 1) * kRow;
  double width = width_of(box.total);
  out.print(
      "<g><title>{} ({}, {:.2f}%)</title><rect class=\"frame\" x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" "
      "height=\"{}\" rx=\"1\" fill=\"{}\"/>",
      markup_text(text), amount(box.total), percent(box.total, whole_), box.x, y, std::max(width - 0.5, 0.1),
      kRow - 1, frame_color(*palette_, kind, text));
  std::string label = fit(text, width - 2 * kTextPad);
  if (!label.empty()) {
    out.print("<text x=\"{:.2f}\" y=\"{}\">{}</text>", std::max(box.x, kMargin) + kTextPad, y + kRow - 4.5,
              markup_text(label));
  }
  out.write("</g>\n");
}

}  // namespace

void write_svg(Sink& out, View& view, const Series& series) {
  Picture(view, series).draw(out, series);
}

}  // namespace rtprof
