// What `netc` says when it cannot do what it is asked to, in whole messages, and its exit codes.

#include "tests/program.h"

namespace netc::program {
namespace {

class Errors : public Folder {
 protected:
  Errors() { write_program("net.net", "dense 3 softmax"); }
  void expect(int exit_code, const std::string& message, Arguments arguments) {
    std::string line;
    for (const std::string& argument : arguments) line += argument + ' ';
    SCOPED_TRACE(line);
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, exit_code);
    EXPECT_EQ(outcome.err, message);
    EXPECT_EQ(outcome.out, "");
    EXPECT_FALSE(exists("runs"));
  }
};

TEST_F(Errors, OfTheCommandLine) {
  expect(
      2,
      "error: there is no command `fly`\n  = hint: the commands are run, check, emit, eval, predict, data\n",
      {"fly"});
  expect(2, "error: there is no command `rum`\n  = hint: did you mean `run`?\n", {"rum", "net.net"});
  expect(2, "error: there is no command `net.net`\n  = hint: write `netc run net.net`\n", {"net.net"});
  expect(2, "error: `netc run` needs a .net file\n", {"run"});
  expect(2,
         "error: the following argument was not expected: --epohcs\n"
         "  = hint: `netc run --help` lists what there is\n",
         {"run", "net.net", "--epohcs"});
  expect(2, "error: `--epochs` is given more than once\n  = hint: `netc run --help` lists what there is\n",
         {"run", "net.net", "--epochs", "1", "--epochs", "2"});
  for (const char* threads : {"0", "-1", "x", "1025", "2x", "99999999999"}) {
    expect(2, std::string("error: `--threads` takes a whole number from 1 to 1024, not `") + threads + "`\n",
           {"run", "net.net", std::string("--threads=") + threads});
  }
  expect(2,
         "error: there is no stage `foo`\n"
         "  = hint: the stages are tokens, ast, network, graph, kernel, llvm, asm\n",
         {"emit", "--stage=foo", "net.net"});
  expect(2, "error: `--set width` is not NAME=VALUE\n", {"run", "net.net", "--set", "width"});
  expect(2,
         "error: there is no processor `z80`\n"
         "  = hint: names are LLVM's, such as x86-64-v3, znver4 or skylake-avx512\n",
         {"run", "net.net", "--cpu", "z80"});
  for (const Arguments& word : {Arguments{"--out", "x"}, {"--no-save"}}) {
    Arguments arguments{"run", "--resume", "mine"};
    arguments.insert(arguments.end(), word.begin(), word.end());
    expect(2, "error: `--resume` goes on in the run's own folder: `" + word[0] + "` cannot be given\n",
           arguments);
  }
  expect(2,
         "error: `net.net` is not a run's folder\n"
         "  = hint: to test a .net file, name its weights with `--weights FILE`\n",
         {"eval", "net.net"});
}

TEST_F(Errors, HelpIsNoError) {
  for (const Arguments& arguments : {Arguments{"--help"}, {"run", "--help"}, {"--version"}}) {
    const Outcome outcome = netc(arguments);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_NE(outcome.out, "");
  }
}

TEST_F(Errors, OfValuesOnTheCommandLine) {
  expect(2,
         "error: `epochs` must be from 1 to 1000000, but is 0\n"
         "  --> --epochs 0:1:1\n  |\n1 | 0\n  | ^\n\n1 error; nothing was run\n",
         {"run", "net.net", "--epochs", "0"});
  expect(2,
         "error: there is no optimizer `sdg`\n"
         "  --> --optimizer sdg:1:1\n  |\n1 | sdg\n  | ^^^ did you mean `sgd`?\n\n1 error; nothing was run\n",
         {"run", "net.net", "--optimizer", "sdg"});
  expect(2,
         "error: `limit` asks for 65 training samples, but the data has 64\n"
         "  --> --limit 65:1:1\n  |\n1 | 65\n  | ^^\n\n1 error; nothing was run\n",
         {"run", "net.net", "--limit", "65"});
  expect(2,
         "error: `limit` leaves none of the 64 training samples\n"
         "  --> --limit 0:1:1\n  |\n1 | 0\n  | ^\n\n1 error; nothing was run\n",
         {"run", "net.net", "--limit", "0"});
  expect(2,
         "error: `test` asks for 33 test samples, but the data has 32\n"
         "  --> --test 33:1:1\n  |\n1 | 33\n  | ^^\n\n1 error; nothing was run\n",
         {"run", "net.net", "--test", "33"});
  expect(2,
         "error: `validation` leaves none of the 64 training samples to train on\n"
         "  --> --validation 64:1:1\n  |\n1 | 64\n  | ^^\n\n1 error; nothing was run\n",
         {"run", "net.net", "--validation", "64"});
}

TEST_F(Errors, OfProgramsNameThePlace) {
  write_program("typo.net", "dense 3 sofmax");
  expect(1,
         "error: there is no activation `sofmax`\n"
         "  --> typo.net:2:9\n  |\n2 | dense 3 sofmax\n  |         ^^^^^^ did you mean `softmax`?\n"
         "\n1 error; nothing was run\n",
         {"run", "typo.net"});
  folder_.write("huge.net", "dense 2000000000\n");
  expect(1,
         "error: `dense 2000000000` needs 5849 GiB of parameters, more than the 16 GiB that netc allows\n"
         "  --> huge.net:1:1\n  |\n1 | dense 2000000000\n  | ^^^^^^^^^^^^^^^^\n"
         "\n1 error; nothing was run\n",
         {"run", "huge.net"});
  folder_.write("bytes.net", "dense 3 s\xffoftmax\n");
  expect(1,
         "error: the byte 0xFF is not UTF-8\n"
         "  --> bytes.net:1:10\n  |\n1 | dense 3 s\xEF\xBF\xBDoftmax\n  |          ^\n  |\n"
         "  = hint: save the text as UTF-8\n\n1 error; nothing was run\n",
         {"check", "bytes.net"});
  for (const char* text : {"", "# nothing\n"}) {
    folder_.write("empty.net", text);
    const Outcome outcome = netc({"check", "empty.net"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.err.substr(0, 32), "error: the program has no layers");
  }
}

TEST_F(Errors, OfFiles) {
  expect(3, "error: cannot read `none.txt`: no such file or directory\n", {"run", "none.txt"});
  expect(3, "error: cannot read `nett.net`: no such file or directory\n  = hint: did you mean `net.net`?\n",
         {"run", "nett.net"});
  expect(3, "error: cannot read `.`: it is a directory, expected a file\n", {"run", "."});
  folder_.write("big.net", std::string(10'000'000, 'a'));
  expect(3, "error: cannot read `big.net`: it has 10,000,000 bytes, expected at most 2,097,152\n",
         {"check", "big.net"});
  expect(3,
         "error: `none` is not a run's folder: cannot read `none/program.net`: no such file or directory\n",
         {"run", "--resume", "none"});
  expect(3, "error: cannot save `none/x.json`: cannot write `none/x.json`: no such file or directory\n",
         {"run", "net.net", "--no-save", "--json", "none/x.json"});
  expect(3,
         "error: cannot make the run folder `net.net`: not a directory\n"
         "  = hint: `--out DIR` chooses another folder, `--no-save` saves nothing\n",
         {"run", "net.net", "--out", "net.net"});
  folder_.write("program.net", "x");
  expect(3,
         "error: `.` holds a run already: there is `program.net`\n"
         "  = hint: choose another folder, or go on with that run by `--resume`\n",
         {"run", "net.net", "--out", "."});
  expect(3, "error: cannot read `none`: no such file or directory\n",
         {"eval", "net.net", "--weights", "none"});
}

TEST_F(Errors, OfDataThatIsMissingHideWhatFollowsFromThem) {
  folder_.write("images.net", "data images \"none\"\nconv 8 3x3 relu; dense classes softmax\n");
  const std::string message =
      "error: cannot read `none`: no such file or directory\n"
      "  --> images.net:1:13\n"
      "  |\n"
      "1 | data images \"none\"\n"
      "  |             ^^^^^^\n";
  for (const char* command : {"run", "check"}) expect(3, message, {command, "images.net"});
}

TEST_F(Errors, OfData) {
  const std::string images = read_file(path_of("train-images")), labels = read_file(path_of("train-labels"));
  auto with_images = [&](const std::string& bytes) { folder_.write("train-images", bytes); };
  with_images(images.substr(0, 1000));
  expect(
      3,
      "error: `train-images` is truncated: its header says 64x4x4, so 1,040 bytes are expected, but it has "
      "1,000\n",
      {"run", "net.net"});
  with_images("");
  expect(3, "error: `train-images` is empty, expected an idx file\n", {"run", "net.net"});
  with_images("PNG!" + images);
  expect(3,
         "error: `train-images` is not an idx file: it starts with 50 4e 47 21, expected 00 00 08 and the "
         "number "
         "of extents\n",
         {"run", "net.net"});
  with_images(std::string("\0\0\x08\x03\0\0\0\0\0\0\0\4\0\0\0\4", 16));
  expect(3, "error: `train-images` holds nothing: extent 1 of its header is 0\n", {"run", "net.net"});
  with_images(labels);
  expect(3, "error: `train-images` has 1 extent, expected samples with 2 to 4; are these the labels?\n",
         {"run", "net.net"});
}

TEST_F(Errors, OfFilesThatOnlyLookLikeMnist) {
  std::filesystem::create_directories(path_of("data/mnist"));
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                           "t10k-labels-idx1-ubyte"}) {
    const std::string file = std::string(name) + ".gz";
    std::filesystem::copy_file(NETC_SOURCE_DIR "/examples/data/mnist/" + file, path_of("data/mnist/" + file));
  }
  std::filesystem::remove(path_of("data/mnist/train-labels-idx1-ubyte.gz"));
  folder_.write("data/mnist/train-labels-idx1-ubyte",
                std::string("\0\0\x08\1\0\0\xea\x60", 8) + std::string(60'000, '\0'));
  folder_.write("mnist.net", "dense 10 softmax\n");
  const Outcome outcome = netc({"run", "mnist.net", "--limit", "32"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(
      outcome.err.substr(0, outcome.err.find(" is ", 80)),
      "error: `data/mnist/train-labels-idx1-ubyte` is not MNIST's train-labels-idx1-ubyte: its SHA-256");
  EXPECT_NE(outcome.err.find(", expected 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5\n"),
            std::string::npos);
  EXPECT_FALSE(exists("runs/mnist-1"));
}

TEST_F(Errors, OddTextsAreFine) {
  folder_.write("odd.net", "\xEF\xBB\xBF" + std::string(kData) + "\r\ndense 3 softmax\r\n");
  const Outcome outcome = netc({"check", "odd.net"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Errors, EveryStageIsEmitted) {
  for (const char* stage : {"tokens", "ast", "network", "graph", "kernel", "llvm", "asm"}) {
    const Outcome outcome = netc({"emit", std::string("--stage=") + stage, "net.net", "--cpu", "x86-64-v3"});
    EXPECT_EQ(outcome.exit_code, 0) << stage;
    EXPECT_EQ(outcome.err, "") << stage;
    EXPECT_NE(outcome.out, "") << stage;
  }
  folder_.write("bad.net", "");
  expect(1,
         "error: the program has no layers\n  --> bad.net:1:1\n  |\n1 |\n  | ^\n  |\n"
         "  = hint: write `dense 128 relu; dense 10 softmax`, say\n\n1 error; nothing was run\n",
         {"emit", "--stage=graph", "bad.net"});
}

TEST_F(Errors, AFullDiskIsNotSuccess) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP();
  const std::string line = std::string(NETC_BINARY) + " emit --stage=ast net.net > /dev/full";
  const Outcome outcome = Process(folder_.path(), {"sh", "-c", line}).wait();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err, "error: cannot write to stdout: no space left on device\n");
}

}  // namespace
}  // namespace netc::program
