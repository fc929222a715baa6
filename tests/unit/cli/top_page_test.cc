#include "cli/top_page.h"

#include <gtest/gtest.h>

#include "cli/columns.h"

namespace rtprof::cli {
namespace {

LiveRow a_row() {
  return {"Service.handle_request", "app/service.py:120", 0.123, 1.5, 1'230'000'000, 45'600'000'000};
}

TEST(TopPage, ARowWithoutAWidthIsWhole) {
  EXPECT_EQ(top_row({}, a_row(), 0),
            "  12.3%   150.0%    1.23 s    45.6 s  Service.handle_request  app/service.py:120");
}

TEST(TopPage, RowsFillTheWidth) {
  for (size_t width : {40, 60, 75, 100, 200}) {
    EXPECT_EQ(display_width(top_row({}, a_row(), width)), width) << width;
    EXPECT_EQ(display_width(top_column_names({}, width)), width) << width;
  }
  // The end of a path says more than its beginning.
  EXPECT_NE(top_row({}, a_row(), 76).find("…service.py:120"), std::string::npos) << top_row({}, a_row(), 76);
}

TEST(TopPage, ReasonsHaveAColumn) {
  TopView view;
  view.reasons = true;
  LiveRow row = a_row();
  row.reason = Reason::kPreempted;
  EXPECT_EQ(top_row(view, row, 0),
            "  12.3%   150.0%    1.23 s    45.6 s  [preempted]  Service.handle_request  app/service.py:120");
  row.reason = Reason::kLock;
  for (size_t width : {60, 75, 100}) {
    EXPECT_EQ(display_width(top_row(view, row, width)), width) << width;
    EXPECT_EQ(display_width(top_column_names(view, width)), width) << width;
  }
  EXPECT_EQ(top_column_names(view, 0).find("reason"), top_row(view, row, 0).find("[lock]"));
}

TEST(TopPage, TheColumnThatIsSortedByIsMarked) {
  EXPECT_NE(top_column_names({}, 0).find(">own%"), std::string::npos);
  EXPECT_NE(top_column_names({.sort = TopSort::kTotalTime}, 0).find(">total "), std::string::npos);
}

TEST(TopPage, TheColumnsSayWhatIsShown) {
  EXPECT_NE(top_column_names({.by = ReportOptions::By::kLine}, 0).find("file:line"), std::string::npos);
  EXPECT_NE(top_column_names({.by = ReportOptions::By::kThread}, 0).find("thread"), std::string::npos);
}

TEST(TopPage, HeadSaysWhatWentWrong) {
  LiveFigures figures;
  figures.cpu_share = 0.5;
  figures.elapsed = 12 * kSecond;
  TopTitle title{"process 7 (a\x1b[2J)", "cpu by kernel at 99 Hz", 1, 3};
  std::vector<std::string> head = top_head(title, figures, false);
  EXPECT_EQ(head[0], "rtprof: process 7 (a [2J)");
  EXPECT_EQ(head[1], "CPU 50.0%  threads 3  samples 0/s  errors 0  cpu by kernel at 99 Hz, 12.0 s");
  figures.lost = 2;
  figures.unknown = 1;
  figures.lock_share = 0.25;
  title.processes = 4;
  head = top_head(title, figures, true);
  EXPECT_EQ(
      head[1],
      "[paused]  CPU 50.0%  GIL 25.0%  processes 4  threads 3  samples 0/s  errors 3 (2 lost, 1 unknown)  "
      "cpu by kernel at 99 Hz, 12.0 s");
}

TEST(TopPage, NothingIsExplained) {
  EXPECT_NE(top_nothing(Event::kCpu, false).find("-e wall"), std::string::npos);
  EXPECT_NE(top_nothing(Event::kCpu, true).find("--gil"), std::string::npos);
}

}  // namespace
}  // namespace rtprof::cli
