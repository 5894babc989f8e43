// Programs on folders of images.

#include <nlohmann/json.hpp>

#include <set>

#include "runtime/image_files.h"
#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

// 3 classes of 20 coloured images each, in which another channel is bright.
class Images : public Folder {
 protected:
  Images() {
    const char* names[] = {"blue", "green", "red"};
    for (int c = 0; c < 3; ++c) {
      std::filesystem::create_directories(path_of(std::string("photos/") + names[c]));
      for (int i = 0; i < 20; ++i) folder_.write(fmt_name(names[c], i), runtime::make_png(image(2 - c, i)));
    }
  }
  static std::string fmt_name(const std::string& name, int i) {
    return "photos/" + name + "/" + std::to_string(i) + ".png";
  }
  static runtime::Image image(int bright, int i) {
    runtime::Image image{{6, 8, 3}, runtime::pattern(6, 8, 3)};
    for (std::size_t p = 0; p < image.pixels.size(); ++p) {
      const auto noise = static_cast<std::uint8_t>((image.pixels[p] * 7 + i * 31) % 128);
      image.pixels[p] = static_cast<std::uint8_t>(noise + (static_cast<int>(p % 3) == bright ? 100 : 0));
    }
    return image;
  }
  json metrics(const std::string& run) const {
    return json::parse(read_file(path_of(run + "/metrics.json")));
  }
};

TEST_F(Images, AreCheckedWithoutBeingRead) {
  folder_.write("net.net", "data images \"photos\" size=4x4 grey test=20%\ndense classes softmax\n");
  folder_.write(fmt_name("red", 3), "broken");
  const Outcome outcome = netc({"check", "net.net"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "net                               output    parameters      FLOP a sample\n"
            "input    images                   4x4x1\n"
            "2        dense classes softmax    3                 51                 96\n"
            "                                                    51                 96     a step of 32 "
            "needs 8 kB\n");
}

TEST_F(Images, AreLearnedAndTestedAgain) {
  folder_.write("net.net",
                "data images \"photos\" test=20% validation=8\ndense 16 relu; dense classes softmax\n"
                "train { epochs 30; batch 8; lr 0.01 }\n");
  const Outcome outcome = netc({"run", "net.net", "--out", "run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(
      outcome.out.find("data     images: 48 training and 12 test images of 6x8x3, 3 classes; 40 train, 8 "
                       "validate, 12 test\n"),
      std::string::npos)
      << outcome.out;
  const json trained = metrics("run");
  EXPECT_EQ(trained["test"]["samples"], 12);
  EXPECT_EQ(trained["test"]["accuracy"], 1.0);
  // The same images are held out, on one thread, too.
  const Outcome again = netc({"eval", "run", "--threads", "1", "--json", "again.json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(json::parse(read_file(path_of("again.json")))["test"]["loss"], trained["test"]["loss"]);
}

TEST_F(Images, ThatAreBrokenAreNamed) {
  folder_.write("net.net", "data images \"photos\" test=20%\ndense classes softmax\n");
  folder_.write(fmt_name("red", 3), runtime::make_png(image(0, 0)).substr(0, 60));
  Outcome outcome = netc({"run", "net.net"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err, "error: `photos/red/3.png` is truncated: the file ends before its PNG image does\n");
  EXPECT_FALSE(exists("runs/net-1"));
  folder_.write("net.net", "data images \"photos\" test=60\ndense classes softmax\n");
  outcome = netc({"run", "net.net"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err,
            "error: `test` leaves none of the 60 samples to train on\n"
            "  --> net.net:1:27\n"
            "  |\n"
            "1 | data images \"photos\" test=60\n"
            "  |                           ^^\n"
            "\n"
            "1 error; nothing was run\n");
}

// The same weights whoever changed the images.
TEST_F(Images, AreAugmentedAlikeByAnyNumberOfThreads) {
  auto hash = [&](const std::string& settings, const std::string& threads) {
    folder_.write("net.net",
                  "data images \"photos\" " + settings + "\ndense classes softmax\ntrain { batch 7 }\n");
    const Outcome outcome = netc({"run", "net.net", "--no-save", "--threads", threads, "--json", "out.json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(read_file(path_of("out.json")))["weights_sha256"].get<std::string>();
  };
  std::set<std::string> all;
  for (const char* settings :
       {"", "augment(shift=2)", "augment(shift=2, rotate, scale, flip, brightness, noise, cutout=3)"}) {
    const std::string one = hash(settings, "1");
    for (const char* threads : {"2", "3"}) EXPECT_EQ(hash(settings, threads), one) << settings;
    all.insert(one);
  }
  EXPECT_EQ(all.size(), 3u);
}

// Convolutions, noise and dropout, on changed images: the same weights for any number of threads
// and on an older processor.
TEST_F(Images, TrainConvolutionsAlikeHoweverTheyRun) {
  folder_.write("net.net",
                "data images \"photos\" augment(shift=2, noise)\n"
                "conv 8 3x3 pad=same; batchnorm; relu; noise 0.1; pool max 2x2\n"
                "spatial_dropout 0.1; conv 16 3x3 stride=2 relu; depthwise 3x3 pad=same relu; dropout 0.2\n"
                "dense classes softmax\ntrain { batch 7; epochs 3 }\n");
  auto hash = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--json", "out.json"});
    const Outcome outcome = netc(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(read_file(path_of("out.json")))["weights_sha256"].get<std::string>();
  };
  const std::string one = hash({"run", "net.net", "--no-save", "--threads", "1"});
  for (const char* threads : {"2", "3"})
    EXPECT_EQ(hash({"run", "net.net", "--no-save", "--threads", threads}), one);
  EXPECT_EQ(hash({"run", "net.net", "--no-save", "--cpu", "x86-64-v3"}), one);
  EXPECT_NE(hash({"run", "net.net", "--no-save", "--seed", "1"}), one);
}

}  // namespace
}  // namespace netc::program
