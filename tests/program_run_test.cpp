// `netc run` and `netc eval` as a person meets them.

#include <cmath>
#include <iostream>

#include <nlohmann/json.hpp>

#include "runtime/run_folder.h"
#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

class Run : public Folder {
 protected:
  // Of a run that has to be good.
  json report(Arguments arguments) {
    arguments.insert(arguments.end(), {"--json", "-"});
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }
  std::string hash(Arguments arguments) { return report(std::move(arguments))["weights_sha256"]; }
};

TEST_F(Run, SaysWhatHappened) {
  write_program("net.net", "dense 8 relu\ndense 3 softmax", "validation=16");
  const Outcome outcome = netc({"run", "net.net", "--epochs", "2", "--threads", "2"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(
      masked(outcome.out),
      "net      dense 8 relu; dense 3 softmax      163 parameters, 304 FLOP a prediction\n"
      "data     idx: 64 training and 32 test images of 4x4x1, 3 classes; 48 train, 16 validate, 32 test\n"
      "compiled KERNELS, 2 threads\n"
      "\n"
      "epoch 1/2  2/2   TIME   loss LOSS   accuracy SHARE   val_loss LOSS   val_accuracy SHARE\n"
      "epoch 2/2  2/2   TIME   loss LOSS   accuracy SHARE   val_loss LOSS   val_accuracy SHARE\n"
      "\n"
      "test     accuracy SHARE   loss LOSS\n"
      "time     TIMES\n"
      "weights  sha256 HASH\n"
      "saved    runs/net-1\n"
      "try      netc eval runs/net-1\n");
  for (const char* file : {"program.net", "settings.json", "weights.safetensors", "checkpoint.safetensors",
                           "history.csv", "metrics.json"})
    EXPECT_TRUE(exists(std::string("runs/net-1/") + file)) << file;
}

TEST_F(Run, ProfilesItsKernels) {
  write_program("net.net", "dense 8 relu\ndense 3 softmax");
  const Outcome outcome = netc({"run", "net.net", "--epochs", "2", "--no-save", "--profile"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* line :
       {"\nprofile  4 steps of ", "\npeak     FMA ", "\nline       kernel ", "\nnet.net:2  dense_1.",
        "\nnet.net:3  dense_2.", "\n-          waiting ", "\n-          between steps "})
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line << " in\n" << outcome.out;
  const Arguments command{"run", "net.net", "--epochs", "2", "--no-save"};
  const json plain = report(command);
  Arguments profiled = command;
  profiled.push_back("--profile");
  const json told = report(profiled);
  EXPECT_EQ(plain["profile"], nullptr);
  EXPECT_EQ(told["weights_sha256"], plain["weights_sha256"]);
  EXPECT_EQ(told["profile"]["steps"], 4);
  EXPECT_EQ(told["profile"]["kernels"][0]["where"], "net.net:2");
  EXPECT_EQ(told["profile"]["kernels"][0]["calls"], 4);
}

// What is learned of the data goes with the weights.
TEST_F(Run, NormalizesByTheTrainingSamples) {
  write_program("net.net", "dense 3 softmax", "normalize=standard validation=16");
  ASSERT_EQ(netc({"run", "net.net", "--out", "one", "--threads", "1"}).exit_code, 0);
  ASSERT_EQ(netc({"run", "net.net", "--out", "two", "--threads", "2"}).exit_code, 0);
  const json one = json::parse(read_file(path_of("one/metrics.json")));
  EXPECT_EQ(json::parse(read_file(path_of("two/metrics.json")))["weights_sha256"], one["weights_sha256"]);
  EXPECT_EQ(one["parameters"], 51);
  runtime::Result<runtime::LoadedTensors> weights =
      runtime::load_safetensors(path_of("one/weights.safetensors"));
  ASSERT_TRUE(weights);
  ASSERT_EQ(weights->tensors.size(), 4u);
  EXPECT_EQ(weights->tensors[0].name, "data.scale");
  EXPECT_EQ(weights->tensors[1].name, "data.shift");
  // The noise is uniform over 128 values, and a quarter of the pixels is 100 brighter: deviation 57, mean 88.
  EXPECT_NEAR(1 / weights->tensors[0].values[0], 57, 3);
  EXPECT_NEAR(weights->tensors[1].values[0], -88.0 / 57, 0.1);
  const Outcome again = netc({"eval", "one", "--json", "again.json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  const json told = json::parse(read_file(path_of("again.json")));
  EXPECT_EQ(told["test"]["loss"], one["test"]["loss"]);
  EXPECT_EQ(told["weights_sha256"], one["weights_sha256"]);
  // Weights that were learned without it do not fit.
  write_program("plain.net", "dense 3 softmax");
  ASSERT_EQ(netc({"run", "plain.net", "--out", "plain"}).exit_code, 0);
  EXPECT_EQ(netc({"eval", "net.net", "--weights", "plain/weights.safetensors"}).err,
            "error: the weights are of another network\n"
            "  = hint: `data.scale` [1] is missing\n"
            "  = hint: `data.shift` [1] is missing\n");
}

TEST_F(Run, NamesItsKernelsForPerf) {
  write_program("net.net", "dense 3 softmax");
  // The shell becomes netc, so its process is known.
  const std::string line =
      "echo $$ > pid; exec " + std::string(NETC_BINARY) + " run net.net --epochs 1 --no-save --perf";
  EXPECT_EQ(Process(folder_.path(), {"sh", "-c", line}).wait().exit_code, 0);
  const std::string pid = read_file(path_of("pid"));
  const std::string map = "/tmp/perf-" + pid.substr(0, pid.find('\n')) + ".map";
  EXPECT_TRUE(
      std::regex_search(read_file(map), std::regex("(^|\n)[0-9a-f]+ [0-9a-f]+ dense_1\\.weight\\.forward")))
      << map << ":\n"
      << read_file(map);
  std::filesystem::remove(map);
}

TEST_F(Run, DrawsABarOnATerminal) {
  if (std::system("script -qec true /dev/null < /dev/null > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "`script` finds no terminal here";
  write_program("net.net", "dense 3 softmax");
  const std::string line = std::string(NETC_BINARY) + " run net.net --epochs 1 --no-save";
  const Outcome outcome = Process(folder_.path(), {"script", "-qec", line, "/dev/null"}).wait();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.out.find("\r\x1b[Kepoch 1/1  \x1b[32m━━━━━━━━"), std::string::npos) << outcome.out;
}

TEST_F(Run, JsonHasStdoutToItself) {
  write_program("net.net", "dense 3 softmax");
  const json told = report({"run", "net.net", "--epochs", "2", "--seed", "7", "--threads", "1"});
  ASSERT_TRUE(told.is_object());
  EXPECT_EQ(told["model"], "net");
  EXPECT_EQ(told["seed"], 7);
  EXPECT_EQ(told["threads"], 1);
  EXPECT_EQ(told["parameters"], 51);
  EXPECT_EQ(told["train"]["epochs"].size(), 2u);
  EXPECT_EQ(told["train"]["epochs"][1]["val_loss"], nullptr);
  EXPECT_EQ(told["test"]["samples"], 32);
  EXPECT_EQ(told["folder"], "runs/net-1");
  EXPECT_EQ(told["stopped"], nullptr);
  // Steps alone: not the compiling, not the evaluation, not the saving.
  const double seconds = told["train"]["seconds"], whole = told["total_seconds"];
  EXPECT_GT(told["train"]["step_us"]["median"], 0);
  EXPECT_NEAR(told["train"]["samples_per_second"], 128 / seconds, 1e-6 * 128 / seconds);
  EXPECT_LT(seconds, whole);
  EXPECT_LE(told["first_step_seconds"], told["total_seconds"]);
  EXPECT_EQ(json::parse(read_file(path_of("runs/net-1/metrics.json"))), told);
}

TEST_F(Run, JsonGoesToAFile) {
  write_program("net.net", "dense 3 softmax");
  const Outcome outcome = netc({"run", "net.net", "--epochs", "1", "--no-save", "--json", "report.json"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(json::parse(read_file(path_of("report.json")))["folder"], nullptr);
  EXPECT_FALSE(exists("runs"));
}

TEST_F(Run, ThreadsAndRepetitionsGiveTheSameWeights) {
  write_program("net.net", "dropout 0.2\ndense 40 gelu\ndense 3 softmax", "validation=10");
  const std::string first = hash({"run", "net.net", "--no-save", "--batch", "7", "--threads", "1"});
  EXPECT_EQ(first.size(), 64u);
  for (const char* threads : {"1", "2", "3", "8"})
    EXPECT_EQ(hash({"run", "net.net", "--no-save", "--batch", "7", "--threads", threads}), first) << threads;
  EXPECT_NE(hash({"run", "net.net", "--no-save", "--batch", "7", "--seed", "1"}), first);
}

TEST_F(Run, AnActivationOfOnesOwnIsTheBuiltInOne) {
  write_program("own.net", "activation my_swish(x) = x * sigmoid(x)\ndense 20 my_swish\ndense 3 softmax");
  write_program("built_in.net", "dense 20 swish\ndense 3 softmax");
  EXPECT_EQ(hash({"run", "own.net", "--no-save"}), hash({"run", "built_in.net", "--no-save"}));
}

TEST_F(Run, AnOlderProcessorGetsTheSameWeights) {
  write_program("net.net", "dense 20 tanh\ndense 3 softmax");
  EXPECT_EQ(hash({"run", "net.net", "--no-save", "--cpu", "x86-64-v3"}),
            hash({"run", "net.net", "--no-save"}));
}

TEST_F(Run, FlagsTakeThePlaceOfSettings) {
  write_program("plain.net", "dense 12 relu\ndense 3 softmax");
  write_program(
      "full.net",
      "let width = 12\ndense width relu\ndense 3 softmax\n"
      "train { optimizer sgd lr=(0.1 * 0.9^epoch) momentum=0.9; loss mse; epochs 3; batch 20; seed 5 }",
      "limit=50 validation=10");
  const std::string wanted = hash({"run", "full.net", "--no-save"});
  EXPECT_EQ(hash({"run", "plain.net", "--no-save", "--optimizer", "sgd momentum=0.9", "--lr",
                  "0.1 * 0.9^epoch", "--loss", "mse", "--epochs", "3", "--batch", "20", "--seed", "5",
                  "--limit", "50", "--validation", "10"}),
            wanted);
  EXPECT_EQ(hash({"run", "plain.net", "--no-save", "--optimizer", "sgd momentum=0.9 lr=(0.1 * 0.9^epoch)",
                  "--loss", "mse", "--epochs", "3", "--batch", "20", "--seed", "5", "--data",
                  std::string(kData).substr(5) + " limit=50 validation=20%"}),
            wanted);
  EXPECT_NE(hash({"run", "full.net", "--no-save", "--set", "width=13"}), wanted);
}

// 50 samples in batches of 16 make a last batch of 2.
TEST_F(Run, AShortBatchCountsByItsOwnSize) {
  write_program("net.net", "dense 3 softmax");
  const json told =
      report({"run", "net.net", "--no-save", "--limit", "50", "--batch", "16", "--epochs", "1"});
  const double hits = 50 * told["train"]["epochs"][0]["accuracy"].get<double>();
  EXPECT_NEAR(hits, std::round(hits), 1e-9);
  // Nothing is learned at a rate of 0, so however the samples are cut, they say the same.
  auto loss = [&](const char* batch) -> double {
    return report({"run", "net.net", "--no-save", "--limit", "50", "--batch", batch, "--epochs", "1", "--lr",
                   "0"})["train"]["epochs"][0]["loss"];
  };
  EXPECT_NEAR(loss("16"), loss("50"), 1e-5);
  EXPECT_NEAR(loss("16"), loss("1"), 1e-5);
}

TEST_F(Run, OddNamesMakePlainFolders) {
  write_program("net.net", "model \"../a b/\\tc\"\ndense 3 softmax");
  const Outcome outcome = netc({"run", "net.net", "--epochs", "1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find('\t'), std::string::npos);
  EXPECT_TRUE(exists("runs/a-b-c-1/weights.safetensors"));
}

TEST_F(Run, AFolderStandsOnItsOwn) {
  write_program("net.net", "let width = 4\ndense width relu\ndense 3 softmax");
  const json trained = report({"run", "net.net", "--out", "mine", "--set", "width=9", "--loss", "mse"});
  std::filesystem::remove(path_of("net.net"));
  const json tested = report({"eval", "mine"});
  EXPECT_EQ(tested["weights_sha256"], trained["weights_sha256"]);
  EXPECT_EQ(tested["test"]["loss"], trained["test"]["loss"]);
  EXPECT_EQ(tested["test"]["accuracy"], trained["test"]["accuracy"]);
  EXPECT_EQ(tested["first_step_seconds"], nullptr);
  EXPECT_GT(tested["compile_seconds"], 0);
  write_program("other.net", "dense 9 relu\ndense 3 softmax");
  EXPECT_EQ(report({"eval", "other.net", "--weights", "mine/weights.safetensors", "--loss", "mse", "--test",
                    "32"})["test"]["loss"],
            trained["test"]["loss"]);
}

TEST_F(Run, EvalHasTheRunningMeansOfABatchnorm) {
  write_program("net.net", "dense 8\nbatchnorm relu\ndense 3 softmax");
  const json trained = report({"run", "net.net", "--epochs", "3", "--out", "mine"});
  const json tested = report({"eval", "mine"});
  EXPECT_EQ(tested["test"]["loss"], trained["test"]["loss"]);
  EXPECT_EQ(tested["weights_sha256"], trained["weights_sha256"]);
  EXPECT_EQ(tested["parameters"], trained["parameters"]);
}

TEST_F(Run, EvalRefusesWeightsOfAnotherNetwork) {
  write_program("net.net", "dense 9 relu\ndense 3 softmax");
  write_program("other.net", "dense 8 relu\ndense 3 softmax");
  ASSERT_EQ(netc({"run", "net.net", "--out", "mine", "--epochs", "1"}).exit_code, 0);
  const Outcome outcome = netc({"eval", "other.net", "--weights", "mine/weights.safetensors"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "error: the weights are of another network\n"
            "  = hint: `dense_1.weight` is [16, 9], but the network has [16, 8]\n"
            "  = hint: `dense_1.bias` is [9], but the network has [8]\n"
            "  = hint: `dense_2.weight` is [9, 3], but the network has [8, 3]\n");
}

TEST_F(Run, DivergenceStopsBeforeTheStep) {
  write_program("net.net", "dense 8 relu\ndense 3 softmax", "validation=16");
  const Arguments arguments{"run",  "net.net", "--optimizer", "sgd",    "--lr",
                            "1e30", "--out",   "mine",        "--json", "j"};
  const Outcome outcome = netc(arguments);
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(outcome.err,
            "error: training diverged: the loss of step 2 is not finite\n"
            "  = hint: the first layer with a result that is not finite is at net.net:3 (kernel "
            "dense_2.weight.forward)\n"
            "  = hint: the weights before this step are kept; try a smaller `lr`\n");
  EXPECT_NE(outcome.out.find("stopped  diverged after 0 epochs\n"), std::string::npos) << outcome.out;
  const std::string text = read_file(path_of("j"));
  EXPECT_EQ(text.find("nan"), std::string::npos);
  EXPECT_EQ(text.find("inf"), std::string::npos);
  const json told = json::parse(text);
  EXPECT_EQ(told["stopped"], "diverged");
  EXPECT_EQ(told["test"], nullptr);
  runtime::Result<runtime::LoadedTensors> weights =
      runtime::load_safetensors(path_of("mine/weights.safetensors"));
  ASSERT_TRUE(weights);
  EXPECT_EQ(runtime::sha256_of(weights->tensors), told["weights_sha256"].get<std::string>());
  for (const runtime::NamedTensor& tensor : weights->tensors) {
    for (float value : tensor.values) EXPECT_TRUE(std::isfinite(value)) << tensor.name;
  }
}

TEST_F(Run, EveryExampleRuns) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NETC_SOURCE_DIR "/examples")) {
    if (entry.path().extension() != ".net") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const Outcome outcome = netc({"run", entry.path().string(), "--limit", "96", "--validation", "16",
                                  "--epochs", "1", "--test", "32", "--no-save", "--json", "-"});
    ++seen;
    if (outcome.exit_code == 3 && outcome.err.find("dataset-fashion-mnist") != std::string::npos) {
      std::cout << "[  SKIPPED ] " << entry.path().filename().string() << ": " << outcome.err;
      continue;
    }
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json told = json::parse(outcome.out);
    EXPECT_GT(told["test"]["loss"], 0);
    EXPECT_TRUE(told["train"]["epochs"][0]["val_loss"].is_number());
  }
  EXPECT_GE(seen, 6);
}

}  // namespace
}  // namespace netc::program
