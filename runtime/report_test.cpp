#include "runtime/report.h"

#include <gtest/gtest.h>
#include <cstdlib>

#include <limits>
#include <nlohmann/json.hpp>

namespace netc::runtime {
namespace {

RunReport example() {
  RunReport report;
  report.model = "mnist";
  report.seed = 18446744073709551615u;
  report.threads = 2;
  report.parameters = 101'770;
  report.batch = 32;
  report.compile_seconds = 0.041;
  report.load_seconds = 0.1;
  report.total_seconds = 0.61;
  report.train_seconds = 0.43;
  report.samples_per_second = 697'812.4;
  report.epochs = {{1, {0.2561, 0.9267}, {}, 0.09}, {2, {0.1, 0.97}, Scores{0.125, 0.9601}, 0.08}};
  report.test = TestReport{{0.0788, 0.9765}, 10'000, 0.012};
  report.test->metrics = {{"accuracy", find_metric("accuracy"), true, {0.9765, 0.0015, {}, {}, {}}}};
  report.weights_sha256 = std::string(64, 'a');
  return report;
}

TEST(Report, JsonHasTheDocumentedKeys) {
  RunReport report = example();
  std::string text = to_json(report);
  EXPECT_EQ(text.back(), '\n');
  nlohmann::json json = nlohmann::json::parse(text);
  EXPECT_EQ(json["seed"], 18446744073709551615u);
  EXPECT_EQ(json["train"]["step_us"]["median"], nullptr);
  EXPECT_EQ(json["first_step_seconds"], nullptr);
  EXPECT_EQ(json["train"]["epochs"][0]["val_loss"], nullptr);
  EXPECT_EQ(json["train"]["epochs"][1]["val_accuracy"], 0.9601);
  EXPECT_EQ(json["test"]["samples"], 10'000);
  EXPECT_EQ(json["folder"], nullptr);
  EXPECT_EQ(json["stopped"], nullptr);
  std::string keys;
  nlohmann::ordered_json ordered = nlohmann::ordered_json::parse(text);
  for (const auto& [key, value] : ordered.items()) keys += key + " ";
  EXPECT_EQ(keys,
            "model seed threads parameters batch kernels cached_kernels compile_seconds "
            "test_compile_seconds first_step_seconds load_seconds total_seconds train peak_rss_bytes "
            "cross_validation best test "
            "weights_sha256 folder profile stopped ");
}

TEST(Report, JsonTakesWhatItCannotSay) {
  RunReport report;
  report.model = "\xff";
  report.epochs = {{1, {std::numeric_limits<double>::quiet_NaN(), {}}, {}, 0}};
  report.stopped = "diverged";
  nlohmann::json json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["train"]["epochs"][0]["loss"], nullptr);
  EXPECT_EQ(json["test"], nullptr);
  EXPECT_EQ(json["stopped"], "diverged");
}

TEST(Report, HistoryComesBackExactly) {
  RunReport report = example();
  report.epochs[0].train = {1.0 / 3, {}};
  std::string text = to_history_csv(report);
  EXPECT_EQ(text,
            "epoch,accuracy,loss,val_accuracy,val_loss\n1,,0.3333333333333333,,\n2,0.97,0.1,0.9601,0.125\n");
  Result<std::vector<EpochReport>> back = from_history_csv(text);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[0].train.loss, 1.0 / 3);
  EXPECT_FALSE((*back)[0].train.accuracy || (*back)[0].validation);
  EXPECT_EQ((*back)[1].validation->accuracy, 0.9601);
  report.epochs = *back;
  EXPECT_EQ(to_history_csv(report), text);
}

TEST(Report, HistoryThatIsDamagedIsRefused) {
  EXPECT_EQ(from_history_csv("").error().message,
            "history.csv starts with ``, expected `epoch,accuracy,loss,val_accuracy,val_loss`");
  std::string header = "epoch,accuracy,loss,val_accuracy,val_loss\n";
  EXPECT_TRUE(from_history_csv(header)->empty());
  for (const char* line : {"1,2,3", "1,,,,", "x,,1,,", "1,,1 ,,", "1,,1,,,", ""}) {
    Result<std::vector<EpochReport>> result = from_history_csv(header + line + "\n");
    ASSERT_FALSE(result) << line;
    EXPECT_EQ(result.error().message,
              "line 2 of history.csv is `" + std::string(line) +
                  "`, expected numbers for epoch,accuracy,loss,val_accuracy,val_loss");
  }
}

// What `use` prints.
template <typename Use>
std::string printed(bool terminal, const Use& use) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = ::open_memstream(&text, &size);
  {
    ProgressPrinter printer(out, terminal, 5, 1875);
    use(printer);
  }
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(Progress, IsOneLineAnEpochOffATerminal) {
  std::vector<EpochReport> epochs = example().epochs;
  std::string text = printed(false, [&](ProgressPrinter& printer) {
    printer.step(1, 10, 0.01, 2.3);
    printer.epoch(epochs[0]);
    printer.step(2, 10, 0.01, 2.3);
    printer.epoch(epochs[1]);
  });
  EXPECT_EQ(text,
            "epoch 1/5  1875/1875   0.09 s   loss 0.2561   accuracy 92.67 %\n"
            "epoch 2/5  1875/1875   0.08 s   loss 0.1000   accuracy 97.00 %   val_loss 0.1250   val_accuracy "
            "96.01 %\n");
}

TEST(Progress, RedrawsOneLineOnATerminal) {
  std::string text = printed(true, [&](ProgressPrinter& printer) {
    printer.step(1, 1000, 0.04, 0.5);
    // Too soon to be drawn.
    printer.step(1, 1001, 0.04, 0.5);
    printer.epoch(example().epochs[0]);
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 2);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_NE(text.find("1000/1875   0.04 s   loss 0.5000"), std::string::npos);
  EXPECT_NE(text.find("━"), std::string::npos);
  EXPECT_TRUE(text.ends_with("1875/1875   0.09 s   loss 0.2561   accuracy 92.67 %\n")) << text;
}

// After Ctrl-C the shell's prompt starts on a line of its own.
TEST(Progress, EndsAHalfDrawnLine) {
  std::string text = printed(true, [](ProgressPrinter& printer) { printer.step(1, 7, 0.01, 1e-9); });
  EXPECT_TRUE(text.ends_with("   7/1875   0.01 s   loss 1.000e-09\n")) << text;
}

TEST(Progress, ClosesWithWhatHappened) {
  RunReport report = example();
  report.folder = "runs/mnist-1";
  EXPECT_EQ(closing_lines(report),
            "test     accuracy 97.65 % ± 0.15   loss 0.0788\n"
            "time     0.61 s: start and data 0.10, compile 0.04, train 0.43 (698,000 samples/s), test 0.01\n"
            "weights  sha256 " +
                std::string(64, 'a') +
                "\n"
                "saved    runs/mnist-1\n"
                "try      netc eval runs/mnist-1\n");
  report = RunReport();
  report.stopped = "interrupted";
  EXPECT_EQ(closing_lines(report),
            "stopped  interrupted after 0 epochs\ntime     0 µs: start and data 0.00, compile 0.00\n");
}

TEST(Words, ForNumbers) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(-999), "-999");
  EXPECT_EQ(with_commas(-1000), "-1,000");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
  EXPECT_EQ(human_seconds(0.000012), "12 µs");
  EXPECT_EQ(human_seconds(0.041), "41 ms");
  EXPECT_EQ(human_seconds(0.43), "0.43 s");
  EXPECT_EQ(human_seconds(59.999), "1 min 00 s");
  EXPECT_EQ(human_seconds(125), "2 min 05 s");
  EXPECT_EQ(human_seconds(3720), "1 h 02 min");
  EXPECT_EQ(human_count(850), "850");
  EXPECT_EQ(human_count(1700), "1.7 k");
  EXPECT_EQ(human_count(203'264), "203 k");
  EXPECT_EQ(human_count(999'999), "1.0 M");
  EXPECT_EQ(human_bytes(9.1e6), "9.1 MB");
  EXPECT_EQ(human_bytes(12), "12 B");
}

}  // namespace
}  // namespace netc::runtime
