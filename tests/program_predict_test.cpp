// `netc predict`, and `netc eval` on files of one's own.

#include <nlohmann/json.hpp>

#include "runtime/image_files.h"
#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// A run on the folder's idx files; batches are of 5 samples.
class Predict : public Folder {
 protected:
  Predict() {
    write_program("net.net", "dense 8 relu\ndense 3 softmax\ntrain { batch 5; epochs 2 }");
    const Outcome outcome = netc({"run", "net.net", "--out", "run"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }

  // What `netc` makes of a shell's command.
  Outcome shell(const std::string& command) const {
    return Process(folder_.path(), {"sh", "-c", command}).wait();
  }
  std::string predict(const Arguments& more) const {
    Arguments arguments{"predict", "run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
  void expect_error(const Arguments& inputs, const std::string& error, std::size_t predicted = 0) const {
    Arguments arguments{"predict", "run"};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.err, "error: " + error);
    EXPECT_EQ(lines_of(outcome.out).size(), predicted + 1) << outcome.out;
  }
  // Images `from` to `to` of an idx file of 4x4.
  static std::string cut(const std::string& idx, std::size_t from, std::size_t to) {
    return idx.substr(0, 7) + static_cast<char>(to - from) + idx.substr(8, 8) +
           idx.substr(16 + 16 * from, 16 * (to - from));
  }
};

TEST_F(Predict, WritesCsv) {
  const std::vector<std::string> lines = lines_of(predict({"test-images"}));
  ASSERT_EQ(lines.size(), 33u);
  EXPECT_EQ(lines[0], "input,row,class,p(0),p(1),p(2)");
  const std::regex line(R"(test-images,(\d+),([012]),([0-9.e-]+),([0-9.e-]+),([0-9.e-]+))");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::smatch match;
    ASSERT_TRUE(std::regex_match(lines[i], match, line)) << lines[i];
    EXPECT_EQ(match[1], std::to_string(i));
    const double p[] = {std::stod(match[3]), std::stod(match[4]), std::stod(match[5])};
    EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-6);
    EXPECT_EQ(std::max_element(p, p + 3) - p, std::stol(match[2]));
  }
}

TEST_F(Predict, JsonSaysTheSame) {
  const std::vector<std::string> lines = lines_of(predict({"test-images", "--format", "json"}));
  const std::vector<std::string> csv = lines_of(predict({"test-images"}));
  ASSERT_EQ(lines.size(), 32u);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(json::parse(lines[i])["row"], i + 1);
    const std::regex keys_and_marks(R"re("(input|row|class|probabilities|[012])":|[{}"])re");
    const std::string line = std::regex_replace(lines[i], keys_and_marks, "");
    EXPECT_EQ(line, csv[i + 1]);
  }
}

// Alone, in any batch, through a pipe, by any number of threads.
TEST_F(Predict, IsTheSameToTheBit) {
  const std::string images = read_file(path_of("test-images"));
  std::string one_by_one;
  for (std::size_t i = 0; i < 32; ++i) {
    folder_.write("one", cut(images, i, i + 1));
    const std::string line = lines_of(predict({"one"})).at(1);
    one_by_one += "test-images," + std::to_string(i + 1) + line.substr(line.find(",1,") + 2) + "\n";
  }
  const std::string all = predict({"test-images"});
  EXPECT_EQ(all, lines_of(all)[0] + "\n" + one_by_one);
  EXPECT_EQ(predict({"test-images", "--threads", "1"}), all);
  const std::string netc = NETC_BINARY;
  // In pieces that end anywhere.
  const Outcome piped =
      shell("(head -c 100 test-images; sleep 0.1; tail -c +101 test-images) | " + netc + " predict run -");
  EXPECT_EQ(piped.err, "");
  EXPECT_EQ(std::regex_replace(piped.out, std::regex("\n-,"), "\ntest-images,"), all);
  // Packed, and two inputs whose samples share a batch.
  EXPECT_EQ(shell("gzip -k test-images").exit_code, 0);
  EXPECT_EQ(std::regex_replace(predict({"test-images.gz"}), std::regex("test-images.gz"), "test-images"),
            all);
  folder_.write("front", cut(images, 0, 7));
  folder_.write("back", cut(images, 7, 32));
  const std::vector<std::string> whole = lines_of(all), parts = lines_of(predict({"front", "back"}));
  for (std::size_t i = 1; i < whole.size(); ++i)
    EXPECT_EQ(parts[i].substr(parts[i].find(",", 6)), whole[i].substr(whole[i].find(",", 12)));
}

// The answer does not wait for the end of the input.
TEST_F(Predict, AnswersThroughAPipeAtOnce) {
  const std::string netc = NETC_BINARY;
  folder_.write("front", cut(read_file(path_of("test-images")), 0, 32).substr(0, 16 + 2 * 16));
  Process process(folder_.path(), {"sh", "-c", "(cat front; sleep 60) | " + netc + " predict run -"});
  EXPECT_TRUE(process.wait_for("\n-,2,"));
}

TEST_F(Predict, NeedsNoData) {
  const std::string all = predict({"test-images"});
  for (const char* file : {"train-images", "train-labels", "test-labels"})
    std::filesystem::remove(path_of(file));
  EXPECT_EQ(predict({"test-images"}), all);
}

TEST_F(Predict, SaysWhatIsWrongWithAnInput) {
  expect_error({"nowhere"}, "cannot read `nowhere`: no such file or directory\n");
  expect_error({"run"},
               "cannot read `run`: it is a directory, expected a file\n"
               "  = hint: name the files in it, such as run/*\n");
  expect_error({"net.net"},
               "`net.net` starts with 64 61 74 61, expected a PNG or JPEG image, or an idx file\n");
  folder_.write("empty", "");
  expect_error({"empty"}, "`empty` is empty, expected a PNG or JPEG image, or an idx file\n");
  expect_error({"test-labels"},
               "`test-labels` has 1 extent, expected samples with 2 to 4; are these labels?\n");
  const std::string images = read_file(path_of("test-images"));
  folder_.write("wide", images.substr(0, 11) + '\x02' + images.substr(12, 3) + '\x08' + images.substr(16));
  expect_error({"wide"}, "`wide` holds samples of 2x8x1, but the network takes 4x4x1\n");
  folder_.write("float", std::string("\0\0\x0d\x02", 4) + images.substr(4));
  expect_error({"float"},
               "`float` holds values of idx type 0x0D (32-bit floats), expected 0x08 (unsigned bytes)\n"
               "  = hint: no other type of idx can be read yet\n");
}

// What stands in front of a mistake is predicted.
TEST_F(Predict, NothingIsDroppedBeforeAnError) {
  const std::string images = read_file(path_of("test-images"));
  folder_.write("short", images.substr(0, 16 + 16 * 12 + 3));
  expect_error({"short"}, "`short` is truncated: its header says 32 samples, but it ends within sample 13\n",
               12);
  folder_.write("long", images + "x");
  expect_error({"long"}, "`long` is too long: its header says 32 samples, and there is more behind them\n",
               32);
  expect_error({"test-images", "nowhere", "test-images"},
               "cannot read `nowhere`: no such file or directory\n", 32);
}

TEST_F(Predict, NeedsARunThatWasFinished) {
  const Outcome none = netc({"predict", "nowhere", "test-images"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_EQ(none.err,
            "error: `nowhere` is not a run's folder: cannot read `nowhere/program.net`: no such file or "
            "directory\n");
  std::filesystem::remove(path_of("run/weights.safetensors"));
  const Outcome unfinished = netc({"predict", "run", "test-images"});
  EXPECT_EQ(unfinished.exit_code, 3);
  EXPECT_EQ(unfinished.err, "error: cannot read `run/weights.safetensors`: no such file or directory\n");
  folder_.write("run/data.json", "{\"sample\": [4, 4]}");
  const Outcome damaged = netc({"predict", "run", "test-images"});
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_NE(damaged.err.find("error: `run/data.json` is damaged"), damaged.err.npos) << damaged.err;
}

TEST_F(Predict, NeedsInputsAndAKnownFormat) {
  EXPECT_EQ(netc({"predict", "run"}).exit_code, 2);
  const Outcome outcome = netc({"predict", "run", "test-images", "--format", "xml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err, "error: `--format` takes csv or json, not `xml`\n");
}

TEST_F(Predict, EvalTestsOtherFiles) {
  auto accuracy = [&](Arguments arguments) {
    arguments.insert(arguments.end(), {"--json", "-"});
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out)["test"]["accuracy"];
  };
  const json whole = accuracy({"eval", "run"});
  EXPECT_EQ(accuracy({"eval", "run", "test-images", "test-labels"}), whole);
  // The data that it was trained on is not asked for.
  std::filesystem::remove(path_of("train-images"));
  EXPECT_EQ(accuracy({"eval", "run", "test-images", "test-labels"}), whole);
}

TEST_F(Predict, EvalRefusesFilesThatDoNotFit) {
  auto error = [&](Arguments arguments) {
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 3);
    return outcome.err;
  };
  EXPECT_EQ(error({"eval", "run", "test-images"}),
            "error: `data idx` takes 2 or 4 files, but gets 1\n"
            "  = hint: write `data idx \"train-images\" \"train-labels\"`, and the test images and labels "
            "behind them\n");
  std::string labels = read_file(path_of("test-labels"));
  labels.back() = 7;
  folder_.write("labels", labels);
  EXPECT_EQ(error({"eval", "run", "test-images", "labels"}),
            "error: `test-images` has the class `3`, which the run was not trained on\n"
            "  = hint: its classes are 0 to 2\n");
}

// Folders of images, whose classes have names.
class PredictImages : public Folder {
 protected:
  PredictImages() {
    for (const char* part : {"flowers/aster", "flowers/fern, wild", "more/aster", "more/fern, wild"})
      std::filesystem::create_directories(path_of(part));
    for (const char* part : {"flowers", "more"}) {
      for (int i = 0; i < 4; ++i) {
        for (const char* name : {"aster", "fern, wild"}) {
          runtime::Image image{{4, 4, 1}, std::vector<std::uint8_t>(16)};
          for (int p = 0; p < 16; ++p)
            image.pixels[static_cast<std::size_t>(p)] =
                static_cast<std::uint8_t>((*name == 'a' ? 200 : 20) + i + p);
          folder_.write(std::string(part) + "/" + name + "/" + std::to_string(i) + ".png",
                        runtime::make_png(image));
        }
      }
    }
    folder_.write("net.net",
                  "data images \"flowers\"\ndense 1 sigmoid\ntrain { epochs 30; batch 3; lr 0.1 }\n");
    const Outcome outcome = netc({"run", "net.net", "--out", "run"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
};

TEST_F(PredictImages, NamesInputsAndClasses) {
  const Outcome outcome = netc({"predict", "run", "flowers/fern, wild/2.png", "flowers/aster/0.png"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::vector<std::string> lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "input,row,class,p(aster),\"p(fern, wild)\"");
  EXPECT_EQ(lines[1].find("\"flowers/fern, wild/2.png\",1,\"fern, wild\",0."), 0u) << lines[1];
  EXPECT_EQ(lines[2].find("flowers/aster/0.png,1,aster,0."), 0u) << lines[2];
}

TEST_F(PredictImages, AreRefusedWhereTheyDoNotFit) {
  folder_.write("large.png", runtime::make_png({{5, 6, 1}, runtime::pattern(5, 6, 1)}));
  folder_.write("red.png", runtime::make_png({{4, 4, 3}, runtime::pattern(4, 4, 3)}));
  const Outcome large = netc({"predict", "run", "flowers/aster/0.png", "large.png"});
  EXPECT_EQ(large.exit_code, 3);
  EXPECT_EQ(large.err,
            "error: `large.png` has 6 x 5 pixels, but the network has 4 x 4\n"
            "  = hint: `size=4x4` (height x width) brings all images to one size\n");
  EXPECT_EQ(lines_of(large.out).size(), 2u);
  const Outcome red = netc({"predict", "run", "red.png"});
  EXPECT_EQ(red.exit_code, 3);
  EXPECT_EQ(red.err,
            "error: `red.png` is in colour, but the network is grey\n"
            "  = hint: write `grey` or `rgb`\n");
}

TEST_F(PredictImages, EvalNamesClasses) {
  const Outcome outcome = netc({"eval", "run", "more"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("  fern, wild     1.0000    1.0000    1.0000         4\n"), outcome.out.npos)
      << outcome.out;
  std::filesystem::rename(path_of("more/aster"), path_of("more/rose"));
  const Outcome renamed = netc({"eval", "run", "more"});
  EXPECT_EQ(renamed.exit_code, 3);
  EXPECT_EQ(renamed.err,
            "error: `more` has the class `rose`, which the run was not trained on\n"
            "  = hint: its classes are `aster`, `fern, wild`\n");
}

}  // namespace
}  // namespace netc::program
