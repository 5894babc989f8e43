// What tests measure, as a person meets it.

#include <nlohmann/json.hpp>

#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

class Metrics : public Folder {
 protected:
  Metrics() {
    write_program("net.net", "dense 8 relu\ndense 3 softmax\ntrain { metrics top_k(2) recall confusion }");
    trained_ = netc({"run", "net.net", "--out", "run", "--epochs", "20"});
  }

  Outcome trained_;
};

TEST_F(Metrics, AreShownWhereAProgramChoosesThem) {
  ASSERT_EQ(trained_.exit_code, 0) << trained_.err;
  const std::string text = trained_.out.substr(trained_.out.find("test  "));
  const std::regex wanted(
      "test     top_2 [0-9.]+ % ± [0-9.]+   loss [0-9.]+\n"
      "\n"
      "                 recall   support\n"
      "\n"
      "           0     [01].[0-9]{4}        11\n"
      "           1     [01].[0-9]{4}        11\n"
      "           2     [01].[0-9]{4}        10\n"
      "\n"
      "    accuracy     [01].[0-9]{4}        32\n"
      "   macro avg     [01].[0-9]{4}        32\n"
      "weighted avg     [01].[0-9]{4}        32\n"
      "\n"
      "is \\\\ predicted     0     1     2\n"
      "             0 +[0-9]+ +[0-9]+ +[0-9]+\n"
      "             1 +[0-9]+ +[0-9]+ +[0-9]+\n"
      "             2 +[0-9]+ +[0-9]+ +[0-9]+\n"
      "\n"
      "time [^]*");
  EXPECT_TRUE(std::regex_match(text, wanted)) << text;
}

TEST_F(Metrics, OfEvalAreThoseOfTheRun) {
  const Outcome again = netc({"eval", "run", "--json", "-", "--threads", "1"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const json kept = json::parse(read_file(path_of("run/metrics.json")))["test"]["metrics"];
  EXPECT_EQ(json::parse(again.out)["test"]["metrics"], kept);
  EXPECT_EQ(kept.size(), 3u);
}

TEST_F(Metrics, AreChosenAnewOnTheCommandLine) {
  const Outcome outcome = netc({"eval", "run", "--json", "-", "--metrics", "accuracy calibration(bins=4)"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json test = json::parse(outcome.out)["test"];
  EXPECT_EQ(test["metrics"][0]["value"], test["accuracy"]);
  EXPECT_EQ(test["metrics"][1]["name"], "calibration");
  const Outcome mistaken = netc({"eval", "run", "--metrics", "mae"});
  EXPECT_EQ(mistaken.exit_code, 2);
  EXPECT_EQ(mistaken.err,
            "error: the metric `mae` is for numbers, but the target is a class\n"
            "  --> --metrics mae:1:9\n"
            "  |\n"
            "1 | metrics mae\n"
            "  |         ^^^\n"
            "\n"
            "1 error; nothing was run\n");
}

TEST_F(Metrics, AreAllMeasuredWhereNoneIsChosen) {
  write_program("plain.net", "dense 3 softmax");
  const Outcome outcome = netc({"run", "plain.net", "--no-save", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json report = json::parse(outcome.out);
  std::string names;
  for (const json& metric : report["test"]["metrics"]) names += metric["name"].get<std::string>() + " ";
  EXPECT_EQ(names, "accuracy precision recall f1 auc average_precision confusion log_loss ");
}

}  // namespace
}  // namespace netc::program
