// Tables and points that are made, as a person trains on them: from the file to what is said, and what is
// wrong with files.

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/numpy_files.h"
#include "tests/program.h"

namespace netc::program {
namespace {

using nlohmann::json;

class Tables : public Folder {
 protected:
  std::string write(const std::string& name, const std::string& text) { return folder_.write(name, text); }
  // A program that trains on `data`.
  std::string program(const std::string& data, const std::string& layers, int epochs = 2) {
    return write("t.net", fmt::format("data {}\n{}\ntrain {{ epochs {} }}\n", data, layers, epochs));
  }
  // What a table with this text gets, without its folder.
  std::string error_of(const std::string& text, const std::string& settings = "") {
    write("t.csv", text);
    const Outcome outcome =
        netc({"run", program("csv \"t.csv\" " + settings, "dense classes softmax"), "--no-save"});
    EXPECT_EQ(outcome.exit_code, 3) << outcome.out << outcome.err;
    std::string error = outcome.err;
    for (std::size_t at; (at = error.find(folder_.path() + "/")) != std::string::npos;)
      error.erase(at, folder_.path().size() + 1);
    return error;
  }
};

std::string flowers(int rows) {
  std::string text = "size,color,kind\n";
  for (int i = 0; i < rows; ++i)
    text += fmt::format("{},{},{}\n", i % 17, i % 3 ? "red" : "blue", i % 17 > 8 ? "rose" : "tulip");
  return text;
}

TEST_F(Tables, ARunIsTestedAgainAndOnOtherRows) {
  write("t.csv", flowers(200));
  const std::string file = program("csv \"t.csv\" test=25% validation=20% normalize=standard",
                                   "dense 8 relu; dense classes softmax", 30);
  const Outcome trained =
      netc({"run", file, "--lr", "0.02", "--out", path_of("r"), "--json", path_of("r.json")});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_NE(trained.out.find("data     csv: 150 training and 50 test rows of 3 values, 2 classes; 120 train, "
                             "30 validate, 50 test"),
            std::string::npos)
      << trained.out;
  const json told = json::parse(read_file(path_of("r.json")));
  EXPECT_GT(told["test"]["accuracy"], 0.9);
  const Outcome again = netc({"eval", path_of("r"), "--json", "-"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(json::parse(again.out)["test"]["loss"], told["test"]["loss"]);
  // Columns in another order, one more, a new text.
  write("u.csv", "kind,color,extra,size\nrose,red,1,16\ntulip,green,1,2\n");
  const Outcome others = netc({"eval", path_of("r"), path_of("u.csv")});
  ASSERT_EQ(others.exit_code, 0) << others.err;
  EXPECT_NE(
      others.out.find("note     column `color` has texts in 1 row that no row has that trains, the first `" +
                      path_of("u.csv") + "`, line 3, column `color`: `green`: they count as none"),
      std::string::npos)
      << others.out;
  write("v.csv", "kind,size\nrose,16\n");
  const Outcome lacking = netc({"eval", path_of("r"), path_of("v.csv")});
  EXPECT_EQ(lacking.exit_code, 3);
  EXPECT_NE(lacking.err.find("has no column `color`, which the network is trained with"), std::string::npos)
      << lacking.err;
}

TEST_F(Tables, PredictionsAreTheSameAloneInAFileAndThroughAPipe) {
  write("t.csv", flowers(200));
  ASSERT_EQ(
      netc({"run", program("csv \"t.csv\" normalize=standard", "dense 8 relu; dense classes softmax", 20),
            "--lr", "0.02", "--out", path_of("r")})
          .exit_code,
      0);
  write("u.csv", "color,size\nred,3\nblue,16\n,9\n");
  const Outcome all = netc({"predict", path_of("r"), "u.csv"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_EQ(all.out.find("input,row,class,p(rose),p(tulip)\nu.csv,1,tulip,"), 0u) << all.out;
  EXPECT_EQ(all.err,
            "note: column `color` has texts in 1 row that no row has that trains, the first `u.csv`, line 4, "
            "column "
            "`color`: ``: they count as none\n");
  std::string alone = "input,row,class,p(rose),p(tulip)\n";
  int row = 0;
  for (const char* cells : {"red,3", "blue,16", ",9"}) {
    write("v.csv", std::string("color,size\n") + cells + "\n");
    const Outcome one = netc({"predict", path_of("r"), "v.csv"});
    std::string line = one.out.substr(one.out.find('\n') + 1);
    alone += line.replace(0, 7, fmt::format("u.csv,{}", ++row));
  }
  EXPECT_EQ(all.out, alone);
  const Outcome piped =
      Process(folder_.path(), {"sh", "-c", std::string("cat u.csv | ") + NETC_BINARY + " predict r -"})
          .wait();
  std::string lines = piped.out;
  for (std::size_t at; (at = lines.find("\n-,")) != std::string::npos;) lines.replace(at + 1, 1, "u.csv");
  EXPECT_EQ(lines, all.out) << piped.err;
  // What stands in front of a mistake is predicted.
  write("w.csv", "color,size\nred,3\nblue,x\n");
  const Outcome wrong = netc({"predict", path_of("r"), "w.csv"});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_EQ(wrong.err, "error: `w.csv`, line 3, column `size`: `x` is not a number\n");
  EXPECT_EQ(std::ranges::count(wrong.out, '\n'), 2);
}

TEST_F(Tables, ArraysArePredicted) {
  std::string samples, classes;
  for (int i = 0; i < 40; ++i) {
    samples += static_cast<char>(i);
    samples += static_cast<char>(40 - i);
    classes += static_cast<char>(i % 2);
  }
  write("x.npy", netc::testing::npy("|u1", "(40, 2)", samples));
  write("y.npy", netc::testing::npy("|u1", "(40,)", classes));
  write("u.npy", netc::testing::npy("|u1", "(3, 2)", samples.substr(0, 6)));
  ASSERT_EQ(netc({"run", program("npy \"x.npy\" \"y.npy\"", "dense classes softmax"), "--out", path_of("r")})
                .exit_code,
            0);
  const Outcome predicted = netc({"predict", path_of("r"), "u.npy"});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.err, "");
  EXPECT_EQ(predicted.out.find("input,row,class,p(0),p(1)\nu.npy,1,"), 0u) << predicted.out;
  EXPECT_EQ(std::ranges::count(predicted.out, '\n'), 4);
}

TEST_F(Tables, AnyNumberOfThreadsAndAResumedRunAreTheSame) {
  write("t.csv", flowers(300));
  const std::string file = program("csv \"t.csv\" test=20% normalize=minmax encode=target",
                                   "dense 8 tanh; dense classes softmax", 4);
  std::set<std::string> hashes;
  for (const char* threads : {"1", "2", "3"}) {
    const Outcome outcome = netc({"run", file, "--no-save", "--json", "-", "--threads", threads});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    hashes.insert(json::parse(outcome.out)["weights_sha256"].get<std::string>());
  }
  ASSERT_EQ(netc({"run", file, "--out", path_of("r"), "--epochs", "2"}).exit_code, 0);
  const Outcome resumed = netc({"run", "--resume", path_of("r"), "--epochs", "4", "--json", "-"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  hashes.insert(json::parse(resumed.out)["weights_sha256"].get<std::string>());
  EXPECT_EQ(hashes.size(), 1u);
}

TEST_F(Tables, NumbersArePredictedOneOrSeveral) {
  std::string text = "a,b,sum,difference\n";
  for (int i = 0; i < 200; ++i)
    text += fmt::format("{0},{1},{2},{3}\n", i % 7 * 0.1, i % 11 * 0.1, i % 7 * 0.1 + i % 11 * 0.1,
                        i % 7 * 0.1 - i % 11 * 0.1);
  write("t.csv", text);
  const Outcome one =
      netc({"run", program("csv \"t.csv\" target=\"sum\" drop(\"difference\") test=50", "dense 1", 200),
            "--no-save", "--lr", "0.02", "--json", "-"});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  EXPECT_LT(json::parse(one.out)["test"]["loss"], 1e-4);
  const Outcome two =
      netc({"run", program("csv \"t.csv\" targets(\"sum\", \"difference\") test=50", "dense 2", 200),
            "--no-save", "--lr", "0.02", "--json", "-"});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_LT(json::parse(two.out)["test"]["loss"], 1e-4);
  const Outcome wrong = netc({"check", program("csv \"t.csv\" targets(\"sum\", \"difference\")", "dense 1")});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_NE(wrong.err.find("the network makes a vector of 1, but the target is 2 numbers"), std::string::npos)
      << wrong.err;
}

TEST_F(Tables, PointsThatAreMadeAreLearned) {
  const Outcome outcome =
      netc({"run", program("moons n=400 noise=0.1 test=50%", "dense 16 relu; dense 1 sigmoid", 150),
            "--no-save", "--lr", "0.02", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_GT(json::parse(outcome.out)["test"]["accuracy"], 0.97);
  for (const char* source :
       {"circles", "spirals arms=3", "xor", "blobs features=5", "checkerboard squares=3"}) {
    const Outcome other = netc(
        {"run", program(fmt::format("{} n=100 test=20%", source), "dense classes softmax"), "--no-save"});
    EXPECT_EQ(other.exit_code, 0) << other.err;
  }
}

TEST_F(Tables, NamesOfTheProgramThatMeanNothingAreShownInIt) {
  write("flowers.csv", "width,height,kind\n1,2,p\n3,1,q\n");
  auto expect = [&](const std::string& data, const std::string& message, const std::string& below) {
    const std::string path = program(data, "dense classes softmax");
    const Outcome outcome = netc({"check", path});
    EXPECT_EQ(outcome.exit_code, 3);
    const std::size_t column = below.find('^') + 1;
    EXPECT_EQ(outcome.err, fmt::format("error: {}\n  --> {}:1:{}\n  |\n1 | data {}\n  | {}\n", message, path,
                                       column, data, below));
  };
  const std::string file = path_of("flowers.csv");
  expect("csv \"flowers.csv\" target=\"knid\"", "`" + file + "` has no column `knid`",
         "                              ^^^^^^ did you mean `kind`?");
  expect("csv \"flowers.csv\" drop(\"depth\")", "`" + file + "` has no column `depth`",
         "                            ^^^^^^^\n  |\n  = hint: it has `width`, `height`, `kind`");
  expect("csv \"flower.csv\"", "cannot read `" + path_of("flower.csv") + "`: no such file or directory",
         "         ^^^^^^^^^^^^ did you mean `flowers.csv`?");
  std::filesystem::create_directory(path_of("tables"));
  expect("csv \"table/flowers.csv\"",
         "cannot read `" + path_of("table/flowers.csv") + "`: no such file or directory",
         "         ^^^^^^^^^^^^^^^^^^^ did you mean `tables`?");
  const Outcome given = netc({"data", path_of("flower.csv")});
  EXPECT_EQ(given.exit_code, 3);
  EXPECT_EQ(given.err, "error: cannot read `" + path_of("flower.csv") +
                           "`: no such file or directory\n  = hint: did you mean `flowers.csv`?\n");
}

TEST_F(Tables, WhatIsWrongWithAFileIsSaidWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "error: `t.csv` is empty\n"},
      {"a,y\n1,p\n2,q,3\n", "error: `t.csv`, line 3: the row has 3 cells, but the first row has 2\n"},
      {"a,a,y\n1,2,p\n", "error: `t.csv`, line 1: two columns are called `a`\n"},
      {"a,y\n1,p\n2,\n",
       "error: `t.csv`, line 3, column `y`: the target is missing\n  = hint: `missing=drop` leaves such rows "
       "out\n"},
      {"a,y\n1,p\n2,p\n",
       "error: `t.csv`: the target `y` is `p` in every row\n  = hint: there is nothing to learn from one "
       "class\n"},
      {"1,2\n3,4\n",
       "error: `t.csv`: the first row holds numbers, not the columns' names\n  = hint: with `no_header` the "
       "columns are called "
       "1, 2, ...\n"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(error_of(text), error);
  write("t.csv", "a,y\n1,p\n2,q\n");
  const Outcome none = netc({"check", program("csv \"t.csv\" test=2", "dense classes softmax")});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.err.find("`test` leaves none of the 2 samples"), std::string::npos) << none.err;
}

TEST_F(Tables, ALargeFileOfNothingIsRefusedInLittleMemory) {
  write("t.csv", "a,b\n1,2\n");
  std::filesystem::resize_file(path_of("t.csv"), std::uintmax_t{5} << 30);
  const Outcome outcome = netc({"run", program("csv \"t.csv\"", "dense 2 softmax"), "--no-save"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err, "error: `" + path_of("t.csv") + "`, line 3: a zero byte: this is not a text file\n");
}

TEST_F(Tables, DataSaysWhatItHolds) {
  write("t.csv", "x,color,kind\n1,red,a\n2,,b\n,red,a\n4,blue,a\n");
  const Outcome outcome = netc({"data", "t.csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "t.csv: 4 rows, 3 columns\n"
            "\n"
            "column  kind     missing  different  values\n"
            "x       numbers        1          3  1 to 4, mean 2.3333, deviation 1.2472\n"
            "color   texts          1          2  red 2 (66.7 %), blue 1 (33.3 %)\n"
            "kind    texts                     2  a 3 (75.0 %), b 1 (25.0 %)\n"
            "\n"
            "target `kind`: 2 classes: a 3 (75.0 %), b 1 (25.0 %)\n");
  EXPECT_EQ(netc({"data", "t.net"}).exit_code, 3);
  EXPECT_EQ(netc({"data", "moonz"}).exit_code, 2);
  EXPECT_EQ(netc({"data", "moons n=100"}).exit_code, 0);
}

}  // namespace
}  // namespace netc::program
