// Cross-validation as a person meets it.

#include <nlohmann/json.hpp>

#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

class Folds : public Folder {
 protected:
  Folds() {
    write_program("net.net",
                  "dense 8 relu\ndense 3 softmax\ntrain { epochs 3; batch 16; metrics accuracy log_loss }",
                  "cv=3");
  }
  json report(Arguments arguments) const {
    arguments.insert(arguments.end(), {"--json", "report.json"});
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(read_file(path_of("report.json")), nullptr, false);
  }
};

TEST_F(Folds, AreTestedBeforeTheRunTrainsOnAll) {
  const Outcome outcome = netc({"run", "net.net", "--no-save", "--threads", "2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(std::regex_replace(masked(outcome.out), std::regex("( ± [0-9.]+)?(   |\n)"), "$2"),
            "net      dense 8 relu; dense 3 softmax      163 parameters, 304 FLOP a prediction\n"
            "data     idx: 64 training and 32 test images of 4x4x1, 3 classes\n"
            "compiled KERNELS, 2 threads\n"
            "\n"
            "fold 1/3 accuracy SHARE   log_loss LOSS   loss LOSS\n"
            "fold 2/3 accuracy SHARE   log_loss LOSS   loss LOSS\n"
            "fold 3/3 accuracy SHARE   log_loss LOSS   loss LOSS\n"
            "\n"
            "epoch 1/3  4/4   TIME   loss LOSS   accuracy SHARE\n"
            "epoch 2/3  4/4   TIME   loss LOSS   accuracy SHARE\n"
            "epoch 3/3  4/4   TIME   loss LOSS   accuracy SHARE\n"
            "\n"
            "cv       accuracy SHARE   log_loss LOSS   loss LOSS\n"
            "test     accuracy SHARE   log_loss LOSS   loss LOSS\n"
            "time     TIMES\n"
            "weights  sha256 HASH\n");
}

TEST_F(Folds, AreReportedWithMeanAndStandardError) {
  const json all = report({"run", "net.net", "--no-save"});
  const json metrics = all["cross_validation"]["metrics"];
  EXPECT_EQ(all["cross_validation"]["folds"], 3);
  std::string names;
  for (const json& metric : metrics) {
    names += metric["name"].get<std::string>() + " ";
    const auto values = metric["folds"].get<std::vector<double>>();
    ASSERT_EQ(values.size(), 3u);
    const double mean = (values[0] + values[1] + values[2]) / 3;
    double squares = 0;
    for (double value : values) squares += (value - mean) * (value - mean);
    EXPECT_NEAR(metric["value"], mean, 1e-12);
    EXPECT_NEAR(metric["standard_error"], std::sqrt(squares / 2 / 3), 1e-12);
  }
  EXPECT_EQ(names, "accuracy log_loss loss ");
  EXPECT_EQ(report({"run", "net.net", "--no-save", "--threads", "1"})["cross_validation"],
            all["cross_validation"]);
}

// What is learned is what a run without it learns.
TEST_F(Folds, ChangeNothingOfTheRun) {
  const json with = report({"run", "net.net", "--no-save"});
  const json without = report({"run", "net.net", "--no-save", "--data",
                               "idx \"train-images\" \"train-labels\" \"test-images\" \"test-labels\""});
  EXPECT_EQ(with["weights_sha256"], without["weights_sha256"]);
  EXPECT_EQ(without["cross_validation"], nullptr);
}

// As it is when a run is killed within the second part.
TEST_F(Folds, AreResumed) {
  const json whole = report({"run", "net.net", "--out", "run"});
  json folds = json::parse(read_file(path_of("run/folds.json")));
  ASSERT_EQ(folds.size(), 3u);
  folds.erase(folds.begin() + 1, folds.end());
  folder_.write("run/folds.json", folds.dump());
  for (const char* file : {"checkpoint.safetensors", "history.csv", "weights.safetensors", "metrics.json"})
    std::filesystem::remove(path_of("run/") + file);
  const json resumed = report({"run", "--resume", "run"});
  EXPECT_EQ(resumed["cross_validation"], whole["cross_validation"]);
  EXPECT_EQ(resumed["weights_sha256"], whole["weights_sha256"]);
  folder_.write("run/folds.json", "[1");
  const Outcome damaged = netc({"run", "--resume", "run"});
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_NE(damaged.err.find("error: folds.json is damaged"), damaged.err.npos) << damaged.err;
}

TEST_F(Folds, ComeWithValidation) {
  write_program("both.net", "dense 3 softmax\ntrain { epochs 1 }", "cv=2 validation=25%");
  const json all = report({"run", "both.net", "--no-save"});
  EXPECT_EQ(all["cross_validation"]["folds"], 2);
  EXPECT_TRUE(all["train"]["epochs"][0]["val_loss"].is_number());
}

}  // namespace
}  // namespace netc::program
