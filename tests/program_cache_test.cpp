// What a run keeps for the next one, and that it changes nothing but the time.

#include <memory>

#include <nlohmann/json.hpp>

#include "tests/program.h"

namespace netc::program {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Cache : public Folder {
 protected:
  Cache() { write_program("net.net", "dense 8 relu\ndense 3 softmax"); }
  json run(Arguments arguments = {}) {
    arguments.insert(arguments.begin(), {"run", "net.net", "--epochs", "1", "--no-save", "--json", "-"});
    const Outcome outcome = netc(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }
  std::vector<fs::path> entries() const {
    if (!exists(".cache/netc")) return {};
    return {fs::directory_iterator(path_of(".cache/netc")), fs::directory_iterator()};
  }
};

TEST_F(Cache, TheSecondRunCompilesNothing) {
  const json first = run();
  EXPECT_GT(first["kernels"], 5);
  EXPECT_EQ(first["cached_kernels"], 0);
  const json second = run({"--threads", "1"});
  EXPECT_EQ(second["cached_kernels"], first["kernels"]);
  EXPECT_EQ(second["weights_sha256"], first["weights_sha256"]);
  EXPECT_EQ(second["test"]["loss"], first["test"]["loss"]);
  EXPECT_NE(netc({"run", "net.net", "--epochs", "1"}).out.find(" threads; all from the cache\n"),
            std::string::npos);
  const Outcome tested = netc({"eval", "runs/net-1", "--json", "-"});
  EXPECT_EQ(json::parse(tested.out)["weights_sha256"], first["weights_sha256"]);
}

TEST_F(Cache, NoCacheNeitherReadsNorWrites) {
  const json first = run({"--no-cache"});
  EXPECT_FALSE(exists(".cache"));
  run();
  const json again = run({"--no-cache"});
  EXPECT_EQ(again["cached_kernels"], 0);
  EXPECT_EQ(again["weights_sha256"], first["weights_sha256"]);
}

TEST_F(Cache, AnotherProgramOrProcessorIsCompiled) {
  run();
  for (const Arguments& other :
       {Arguments{"--cpu", "x86-64-v3"}, {"--loss", "mse"}, {"--batch", "7"}, {"--lr", "0.5"}}) {
    const json kept = run(other);
    EXPECT_LT(kept["cached_kernels"], kept["kernels"]) << other[0];
    Arguments anew = other;
    anew.push_back("--no-cache");
    EXPECT_EQ(kept["weights_sha256"], run(anew)["weights_sha256"]) << other[0];
  }
}

TEST_F(Cache, DamageIsRepaired) {
  const json first = run();
  for (const bool cut : {true, false}) {
    for (const fs::path& entry : entries()) {
      if (cut) fs::resize_file(entry, fs::file_size(entry) / 2);
      else std::fstream(entry, std::ios::in | std::ios::out).seekp(-100, std::ios::end).put('?');
    }
    const json damaged = run();
    EXPECT_EQ(damaged["cached_kernels"], 0);
    EXPECT_EQ(damaged["weights_sha256"], first["weights_sha256"]);
    EXPECT_EQ(run()["cached_kernels"], first["kernels"]);
  }
}

TEST_F(Cache, SeveralRunsMayStartAtOnce) {
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 4; ++i) {
    runs.push_back(std::make_unique<Process>(
        folder_.path(), command({"run", "net.net", "--no-save", "--json", std::to_string(i) + ".json"})));
  }
  for (auto& process : runs) EXPECT_EQ(process->wait().exit_code, 0);
  const std::string wanted = json::parse(read_file(path_of("0.json")))["weights_sha256"];
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(json::parse(read_file(path_of(std::to_string(i) + ".json")))["weights_sha256"], wanted);
  const json again = run();
  EXPECT_EQ(again["cached_kernels"], again["kernels"]);
}

TEST_F(Cache, AFolderThatCannotBeWrittenIsNotMissed) {
  for (const char* folder : {"XDG_CACHE_HOME=/dev/null", "XDG_CACHE_HOME=/proc/none"}) {
    Arguments arguments = command({"run", "net.net", "--epochs", "1", "--no-save"});
    arguments.insert(arguments.begin(), {"env", folder});
    const Outcome outcome = Process(folder_.path(), arguments).wait();
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
  }
}

}  // namespace
}  // namespace netc::program
