#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/dump_json.h"
#include "report/dump_text.h"

namespace rtprof {
namespace {

ThreadDump example() {
  ThreadDump dump;
  dump.pid = 12;
  dump.runtime = "python";
  dump.version = "3.14.0";
  dump.program = "/usr/bin/python3.14";
  dump.command = "python3 \"app\".py";
  DumpedFrame leaf{.kind = FrameKind::kPython,
                   .function = "price",
                   .file = "/srv/shop/app.py",
                   .short_file = "shop/app.py",
                   .line = 20};
  leaf.variables = {{"count", "1", false}, {"order", "<Order>", true}};
  DumpedFrame native{.kind = FrameKind::kNative, .function = "[native]"};
  dump.threads = {
      {.tid = 12,
       .name = "Main\nThread",
       .state = ThreadState::kRunning,
       .holds_gil = true,
       .frames = {leaf}},
      {.tid = 13, .name = "pool", .state = ThreadState::kSleeping, .holds_gil = false, .frames = {native}},
      {.name = "", .state = ThreadState::kRunnable, .approximate = true}};
  dump.tasks = {{.name = "fetch",
                 .state = "waiting",
                 .tid = 12,
                 .coroutine = "main",
                 .frames = {leaf},
                 .awaited_by = {"all"}}};
  dump.deadlocks = {{0, 1}};
  dump.notes = {"one thing"};
  return dump;
}

TEST(DumpText, ShowsThreadsTasksAndDeadlocks) {
  EXPECT_EQ(dump_text(example(), false),
            "Process 12: python3 \"app\".py\n"
            "Python v3.14.0 (/usr/bin/python3.14)\n"
            "\n"
            "Thread 12 (running+gil): \"Main Thread\"\n"
            "    price (shop/app.py:20)\n"
            "        Arguments:\n"
            "            order: <Order>\n"
            "        Locals:\n"
            "            count: 1\n"
            "\n"
            "Thread 13 (sleeping): \"pool\"\n"
            "    [native]\n"
            "\n"
            "Thread - (runnable, approximate): \"\"\n"
            "\n"
            "Task \"fetch\" (waiting, thread 12): main\n"
            "    price (shop/app.py:20)\n"
            "        Arguments:\n"
            "            order: <Order>\n"
            "        Locals:\n"
            "            count: 1\n"
            "    awaited by \"all\"\n"
            "\n"
            "Deadlock of 2 threads:\n"
            "    \"Main Thread\" (thread 12) waits for \"pool\" (thread 13)\n"
            "    \"pool\" (thread 13) waits for \"Main Thread\" (thread 12)\n");
}

TEST(DumpText, ShowsWholePaths) {
  EXPECT_NE(dump_text(example(), true).find("price (/srv/shop/app.py:20)"), std::string::npos);
}

TEST(DumpJson, HasTheKeysOfTheContract) {
  auto json = nlohmann::json::parse(dump_json(example(), false, false));
  EXPECT_EQ(json["pid"], 12);
  EXPECT_EQ(json["runtime"], "python");
  EXPECT_EQ(json["version"], "3.14.0");
  EXPECT_EQ(json["command"], "python3 \"app\".py");
  EXPECT_EQ(json["deadlocks"], nlohmann::json::parse("[[12, 13]]"));
  EXPECT_EQ(json["notes"], nlohmann::json::parse(R"(["one thing"])"));
  EXPECT_EQ(json["threads"][0],
            nlohmann::json::parse(R"({"tid": 12, "name": "Main Thread", "state": "running",
      "holds_gil": true, "frames": [{"function": "price", "file": "shop/app.py", "line": 20, "module": null,
      "kind": "python"}]})"));
  EXPECT_EQ(json["threads"][1]["frames"], nlohmann::json::parse(R"([{"function": "[native]", "file": null,
      "line": null, "module": null, "kind": "native"}])"));
  EXPECT_EQ(json["threads"][2],
            nlohmann::json::parse(
                R"({"tid": null, "name": null, "state": "runnable", "approximate": true, "frames": []})"));
  EXPECT_EQ(json["tasks"][0]["name"], "fetch");
  EXPECT_EQ(json["tasks"][0]["tid"], 12);
  EXPECT_EQ(json["tasks"][0]["awaited_by"], nlohmann::json::parse(R"(["all"])"));
}

TEST(DumpJson, HasVariablesWhenAskedFor) {
  auto json = nlohmann::json::parse(dump_json(example(), true, true));
  EXPECT_EQ(json["threads"][0]["frames"][0]["file"], "/srv/shop/app.py");
  EXPECT_EQ(json["threads"][0]["frames"][0]["locals"],
            nlohmann::json::parse(R"([{"name": "count", "value": "1", "argument": false},
                                      {"name": "order", "value": "<Order>", "argument": true}])"));
}

}  // namespace
}  // namespace rtprof
