// Runs that are stopped, killed and taken up again.

#include <nlohmann/json.hpp>

#include "runtime/run_folder.h"
#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

class Stop : public Folder {
 protected:
  Stop() {
    write_program("net.net", "dropout 0.2\ndense 24 relu\ndense 3 softmax\ntrain { epochs 100000; batch 8 }",
                  "validation=14 augment(shift=1, rotate, noise, flip) normalize=standard");
  }
  // The number of epochs behind the checkpoint.
  int epochs_done(const std::string& run) {
    runtime::Result<runtime::LoadedTensors> checkpoint =
        runtime::load_safetensors(path_of(run + "/checkpoint.safetensors"));
    EXPECT_TRUE(checkpoint);
    return checkpoint ? std::stoi(checkpoint->metadata["epoch"]) : 0;
  }
  json metrics(const std::string& run) { return json::parse(read_file(path_of(run + "/metrics.json"))); }
  // A run to epoch `epochs` in one go is what the resumed one has to equal.
  void expect_same_as_uninterrupted(const std::string& run, int epochs) {
    const std::string text = std::to_string(epochs);
    const Outcome resumed = netc({"run", "--resume", run, "--epochs", text, "--threads", "1"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_NE(resumed.out.find("\nresumed  after epoch "), std::string::npos) << resumed.out;
    ASSERT_EQ(netc({"run", "net.net", "--epochs", text, "--out", "whole"}).exit_code, 0);
    EXPECT_EQ(metrics(run)["weights_sha256"], metrics("whole")["weights_sha256"]);
    EXPECT_EQ(read_file(path_of(run + "/history.csv")), read_file(path_of("whole/history.csv")));
    EXPECT_EQ(metrics(run)["train"]["epochs"].size(), static_cast<std::size_t>(epochs));
    EXPECT_EQ(metrics(run)["train"]["epochs"][0]["seconds"], nullptr);
  }
};

TEST_F(Stop, ControlCSavesWhatWasLearned) {
  Process run(folder_.path(), command({"run", "net.net", "--out", "mine"}));
  ASSERT_TRUE(run.wait_for("epoch      3/100000")) << run.out() << run.err();
  run.send(SIGINT);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("\nstopped  interrupted after "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\nsaved    mine\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(metrics("mine")["stopped"], "interrupted");
  runtime::Result<runtime::LoadedTensors> weights =
      runtime::load_safetensors(path_of("mine/weights.safetensors"));
  ASSERT_TRUE(weights);
  EXPECT_EQ(runtime::sha256_of(weights->tensors), metrics("mine")["weights_sha256"].get<std::string>());
  EXPECT_EQ(netc({"eval", "mine"}).exit_code, 0);
  expect_same_as_uninterrupted("mine", epochs_done("mine") + 2);
}

TEST_F(Stop, AKilledRunGoesOnAsIfNothingHadHappened) {
  {
    Process run(folder_.path(), command({"run", "net.net", "--out", "mine"}));
    ASSERT_TRUE(run.wait_for("epoch      2/100000")) << run.out() << run.err();
    run.send(SIGKILL);
    EXPECT_EQ(run.wait().exit_code, 128 + SIGKILL);
  }
  expect_same_as_uninterrupted("mine", epochs_done("mine") + 2);
}

TEST_F(Stop, ARunWithoutAnEpochStartsOver) {
  ASSERT_EQ(netc({"run", "net.net", "--epochs", "2", "--out", "mine"}).exit_code, 0);
  const json before = metrics("mine");
  std::filesystem::remove(path_of("mine/checkpoint.safetensors"));
  const Outcome outcome = netc({"run", "--resume", "mine"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.out.find("\nresumed  from the start: no epoch was finished\n\nepoch 1/2"),
            std::string::npos);
  EXPECT_EQ(metrics("mine")["weights_sha256"], before["weights_sha256"]);
}

TEST_F(Stop, AFinishedRunSaysSoAndCanGrow) {
  ASSERT_EQ(netc({"run", "net.net", "--epochs", "2", "--out", "mine"}).exit_code, 0);
  const json before = metrics("mine");
  const Outcome finished = netc({"run", "--resume", "mine", "--threads", "2"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(
      masked(finished.out),
      "net      dropout 0.2; dense 24 relu; dense 3 softmax      483 parameters, 912 FLOP a prediction\n"
      "data     idx: 64 training and 32 test images of 4x4x1, 3 classes; 50 train, 14 validate, 32 test\n"
      "compiled KERNELS, 2 threads; all from the cache\n"
      "resumed  after epoch 2 of 2: nothing is left to train, but a larger `--epochs` would go on\n"
      "\n"
      "test     accuracy SHARE   loss LOSS\n"
      "time     TIMES\n"
      "weights  sha256 HASH\n"
      "saved    mine\n"
      "try      netc eval mine\n");
  EXPECT_EQ(metrics("mine"), before);
  expect_same_as_uninterrupted("mine", 4);
  // What was given anew holds from now on.
  EXPECT_NE(netc({"run", "--resume", "mine"}).out.find("after epoch 4 of 4: nothing"), std::string::npos);
}

TEST_F(Stop, ResumeRefusesOtherSettings) {
  ASSERT_EQ(netc({"run", "net.net", "--epochs", "2", "--out", "mine"}).exit_code, 0);
  for (const Arguments& setting : {Arguments{"--seed", "1"}, {"--batch", "9"}, {"--limit", "40"}}) {
    const Outcome outcome = netc({"run", "--resume", "mine", setting[0], setting[1]});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.err,
              "error: the checkpoint was made with another seed, batch or number of samples\n"
              "  = hint: resume with the settings of the run that is resumed; `--epochs` may grow\n");
  }
}

TEST_F(Stop, ADamagedCheckpointIsRefused) {
  ASSERT_EQ(netc({"run", "net.net", "--epochs", "2", "--out", "mine"}).exit_code, 0);
  std::filesystem::resize_file(path_of("mine/checkpoint.safetensors"), 1000);
  const Outcome outcome = netc({"run", "--resume", "mine"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err.substr(0, 73),
            "error: `mine/checkpoint.safetensors` is not a sound safetensors file: it ");
}

}  // namespace
}  // namespace netc::program
