#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/call_tree.h"
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
  Picture(View& view, const Series& series) : view_(view), event_(series.event()), tree_(view, series) {
    tree_.round(UnitRounder(view.profile(), event_, view.options()));
    const Palette* chosen = find_palette(view.options().colors);
    palette_ = chosen ? chosen : find_palette("");
    whole_ = tree_.node(CallTree::kRoot).total;
    scale_ = whole_ > 0 ? (kWidth - 2 * kMargin) / static_cast<double>(whole_) : 0;
  }

  std::string draw(const Series& series) {
    lay_out(CallTree::kRoot, kMargin, 0);
    double height = kHead + static_cast<double>(levels_) * kRow + kFoot;
    std::string out = head(series, height);
    for (const Box& box : boxes_) frame(out, box, height);
    return out + "</svg>\n";
  }

 private:
  struct Box {
    CallTree::NodeId node;
    double x;
    size_t level;
  };

  double width_of(CallTree::NodeId id) const { return static_cast<double>(tree_.node(id).total) * scale_; }

  void lay_out(CallTree::NodeId id, double x, size_t level);
  std::string head(const Series& series, double height) const;
  void frame(std::string& out, const Box& box, double height) const;
  std::string amount(int64_t units) const;

  View& view_;
  Event event_;
  CallTree tree_;
  const Palette* palette_;
  int64_t whole_;
  double scale_;
  std::vector<Box> boxes_;
  size_t levels_ = 0;
};

void Picture::lay_out(CallTree::NodeId root, double left, size_t root_level) {
  std::vector<Box> pending{{root, left, root_level}};
  while (!pending.empty()) {
    Box box = pending.back();
    pending.pop_back();
    if (tree_.node(box.node).total <= 0 || width_of(box.node) < view_.options().min_width) continue;
    boxes_.push_back(box);
    levels_ = std::max(levels_, box.level + 1);
    double x = box.x;
    for (CallTree::NodeId child : tree_.children(box.node)) {
      pending.push_back({child, x, box.level + 1});
      x += width_of(child);
    }
  }
}

std::string Picture::amount(int64_t units) const {
  if (weighs_periods(view_.profile(), event_, view_.options())) return grouped(units) + " samples";
  return weight_text(event_, units);
}

std::string Picture::head(const Series& series, double height) const {
  const Profile& profile = view_.profile();
  const ReportOptions& options = view_.options();
  std::string title = options.title.empty() ? default_title(profile, {&series}, options) : options.title;
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\">\n<title>{2}</title>\n"
      "<style>text{{font:{3}px monospace;fill:#14171c}}rect.frame:hover{{stroke:#14171c}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kWidth, height, markup_text(title), kFontSize);
  fmt::format_to(
      std::back_inserter(out),
      "<text x=\"{}\" y=\"24\" text-anchor=\"middle\" style=\"font:bold 16px sans-serif\">{}</text>\n",
      kWidth / 2, markup_text(title));
  std::string rate = profile.rate > 0 ? fmt::format(" at {} Hz", profile.rate) : "";
  fmt::format_to(
      std::back_inserter(out),
      "<text x=\"{}\" y=\"42\" text-anchor=\"middle\" style=\"font:12px sans-serif\">{}: {} over {}{}"
      "</text>\n",
      kWidth / 2, event_name(event_), amount(whole_), weight_text(Event::kWall, profile.duration), rate);
  return out;
}

void Picture::frame(std::string& out, const Box& box, double height) const {
  const CallTree::Node& node = tree_.node(box.node);
  bool is_root = box.node == CallTree::kRoot;
  const std::string text = is_root ? "all" : view_.shown(node.frame).text;
  ShownKind kind = is_root ? ShownKind::kProcess : view_.shown(node.frame).kind;
  double level = static_cast<double>(box.level);
  double y = view_.options().inverted ? kHead + level * kRow : height - kFoot - (level + 1) * kRow;
  double width = width_of(box.node);
  fmt::format_to(
      std::back_inserter(out),
      "<g><title>{} ({}, {:.2f}%)</title><rect class=\"frame\" x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" "
      "height=\"{}\" rx=\"1\" fill=\"{}\"/>",
      markup_text(text), amount(node.total), percent(node.total, whole_), box.x, y,
      std::max(width - 0.5, 0.1), kRow - 1, frame_color(*palette_, kind, text));
  std::string label = fit(text, width - 2 * kTextPad);
  if (!label.empty()) {
    fmt::format_to(std::back_inserter(out), "<text x=\"{:.2f}\" y=\"{}\">{}</text>",
                   std::max(box.x, kMargin) + kTextPad, y + kRow - 4.5, markup_text(label));
  }
  out += "</g>\n";
}

}  // namespace

std::string render_svg(View& view, const Series& series) {
  return Picture(view, series).draw(series);
}

}  // namespace rtprof
