// Runs that stop early, reduce their learning rate, and end with their best weights.

#include <nlohmann/json.hpp>

#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

class Plateau : public Folder {
 protected:
  Plateau() {
    write_program(
        "net.net",
        "dropout 0.2\ndense 24 relu l2=0.001\ndense 3 softmax\n"
        "train { epochs 300; batch 8; shards 2; ema 0.9; class_weight balanced; optimizer adam lr=0.02\n"
        "early_stop patience=6; reduce_lr patience=2 factor=0.5 min=0.001 cooldown=1 }",
        "validation=20");
  }
  json metrics(const std::string& run) { return json::parse(read_file(path_of(run + "/metrics.json"))); }
  void expect_same_runs(const std::string& run, const std::string& whole) {
    const json got = metrics(run), wanted = metrics(whole);
    for (const char* key : {"weights_sha256", "best", "stopped", "test"}) {
      json left = got[key], right = wanted[key];
      for (json* part : {&left, &right}) {
        if (part->is_object()) part->erase("seconds");
      }
      EXPECT_EQ(left, right) << key;
    }
    EXPECT_EQ(read_file(path_of(run + "/history.csv")), read_file(path_of(whole + "/history.csv")));
  }
};

TEST_F(Plateau, TheBestWeightsComeBackAndTheReportSaysFromWhere) {
  const Outcome outcome = netc({"run", "net.net", "--out", "whole"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json report = metrics("whole");
  EXPECT_EQ(report["stopped"], "early");
  const json& epochs = report["train"]["epochs"];
  const auto best = report["best"]["epoch"].get<std::size_t>();
  EXPECT_EQ(epochs.size(), best + 6);
  EXPECT_EQ(report["best"]["monitor"], "val_loss");
  for (const json& epoch : epochs) EXPECT_GE(epoch["val_loss"], report["best"]["value"]);
  EXPECT_EQ(epochs[best - 1]["val_loss"], report["best"]["value"]);
  EXPECT_NE(outcome.out.find("\nstopped  early after " + std::to_string(epochs.size()) +
                             " epochs\nbest     epoch " + std::to_string(best) + ": val_loss "),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("\n         lr is 0.01 from here: val_loss did not improve for 2 epochs\n"),
            std::string::npos)
      << outcome.out;
  // A run of just that many epochs ends with these weights.
  ASSERT_EQ(netc({"run", "net.net", "--epochs", std::to_string(best), "--out", "short"}).exit_code, 0);
  EXPECT_EQ(metrics("short")["weights_sha256"], report["weights_sha256"]);
  EXPECT_EQ(metrics("short")["stopped"], nullptr);
  // What is saved is what was tested.
  ASSERT_EQ(netc({"eval", "whole", "--json", "eval.json"}).exit_code, 0);
  EXPECT_EQ(json::parse(read_file(path_of("eval.json")))["test"]["loss"], report["test"]["loss"]);
}

TEST_F(Plateau, ARunResumedAnywhereEqualsAnUninterruptedOne) {
  ASSERT_EQ(netc({"run", "net.net", "--out", "whole"}).exit_code, 0);
  const auto epochs = metrics("whole")["train"]["epochs"].size();
  const auto best = metrics("whole")["best"]["epoch"].get<std::size_t>();
  for (std::size_t stop : {std::size_t{1}, best - 1, best, best + 1, best + 3, epochs - 1, epochs}) {
    SCOPED_TRACE(stop);
    const std::string run = "part_" + std::to_string(stop);
    ASSERT_EQ(netc({"run", "net.net", "--epochs", std::to_string(stop), "--out", run}).exit_code, 0);
    ASSERT_EQ(netc({"run", "--resume", run, "--epochs", "300", "--threads", "1"}).exit_code, 0);
    if (stop < epochs) expect_same_runs(run, "whole");
    // One that has stopped stays stopped.
    const Outcome again = netc({"run", "--resume", run});
    EXPECT_NE(again.out.find("of 300: it was stopped early, and a larger `patience` would go on\n"),
              std::string::npos)
        << again.out;
  }
}

TEST_F(Plateau, AKilledRunEqualsAnUninterruptedOne) {
  {
    Process run(folder_.path(), command({"run", "net.net", "--out", "mine"}));
    ASSERT_TRUE(run.wait_for("epoch   3/300")) << run.out() << run.err();
    run.send(SIGKILL);
    run.wait();
  }
  const Outcome resumed = netc({"run", "--resume", "mine"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  ASSERT_EQ(netc({"run", "net.net", "--out", "whole"}).exit_code, 0);
  expect_same_runs("mine", "whole");
}

TEST_F(Plateau, TheBestWeightsComeBackWhenTheEpochsEnd) {
  write_program(
      "short.net",
      "dense 16 tanh\ndense 3 softmax\n"
      "train { epochs 4; optimizer sgd lr=(if epoch < 2 then 0.1 else -1); early_stop loss patience=3 }");
  const Outcome outcome = netc({"run", "short.net", "--out", "mine"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(metrics("mine")["best"]["epoch"], 2);
  EXPECT_EQ(metrics("mine")["stopped"], nullptr);
  ASSERT_EQ(netc({"run", "short.net", "--epochs", "2", "--out", "two"}).exit_code, 0);
  EXPECT_EQ(metrics("mine")["weights_sha256"], metrics("two")["weights_sha256"]);
}

}  // namespace
}  // namespace netc::program
