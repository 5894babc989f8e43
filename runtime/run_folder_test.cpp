#include "runtime/run_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "runtime/hash.h"
#include "runtime/temporary_folder.h"
#include "runtime/tensor.h"

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

// Runs in a folder of its own, where runs/ is made.
class RunFolder : public testing::Test {
 protected:
  RunFolder() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~RunFolder() override { fs::current_path(before_); }

  TemporaryFolder folder_;

 private:
  fs::path before_;
};

TEST_F(RunFolder, TakesTheSmallestFreeNumber) {
  EXPECT_EQ(*create_run_folder("LeNet-5", {}), "runs/LeNet-5-1");
  EXPECT_EQ(*create_run_folder("LeNet-5", {}), "runs/LeNet-5-2");
  fs::remove("runs/LeNet-5-1");
  EXPECT_EQ(*create_run_folder("LeNet-5", {}), "runs/LeNet-5-1");
  EXPECT_TRUE(fs::is_empty("runs/LeNet-5-1"));
}

TEST_F(RunFolder, NamesStayInsideRuns) {
  EXPECT_EQ(*create_run_folder("../../etc/x y", {}), "runs/etc-x-y-1");
  EXPECT_EQ(*create_run_folder("", {}), "runs/run-1");
  EXPECT_EQ(*create_run_folder("é", {}), "runs/run-2");
  EXPECT_EQ(*create_run_folder("..", {}), "runs/run-3");
}

TEST_F(RunFolder, SeveralRunsAtOnceGetTheirOwn) {
  std::vector<std::string> made(40);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&made, t] {
        for (std::size_t i = t; i < made.size(); i += 4) made[i] = *create_run_folder("net", {});
      });
    }
  }
  std::sort(made.begin(), made.end());
  EXPECT_EQ(std::unique(made.begin(), made.end()), made.end());
}

TEST_F(RunFolder, OutIsTakenUnlessItHoldsARun) {
  EXPECT_EQ(*create_run_folder("net", "a/b"), "a/b");
  EXPECT_EQ(*create_run_folder("net", "a/b"), "a/b");
  folder_.write("a/b/weights.safetensors", "");
  Result<std::string> refused = create_run_folder("net", "a/b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "`a/b` holds a run already: there is `weights.safetensors`");
}

TEST_F(RunFolder, SaysWhyItCannotBeMade) {
  folder_.write("file", "");
  EXPECT_EQ(create_run_folder("net", "file").error().message,
            "cannot make the run folder `file`: not a directory");
  EXPECT_EQ(create_run_folder("net", "file/x").error().message,
            "cannot make the run folder `file/x`: not a directory");
  folder_.write("runs", "");
  EXPECT_EQ(create_run_folder("net", {}).error().message,
            "cannot make the run folder `runs`: not a directory");
  // Not even root can write there.
  EXPECT_FALSE(create_run_folder("net", "/proc/netc"));
  EXPECT_EQ(create_run_folder("net", "/proc/self").error().message.substr(0, 52),
            "the run folder `/proc/self` cannot be written: canno");
}

TEST_F(RunFolder, FilesAreReplacedWhole) {
  ASSERT_TRUE(write_file_atomically("f", "one"));
  ASSERT_TRUE(write_file_atomically("f", "two"));
  EXPECT_EQ(*read_file("f", 3), "two");
  EXPECT_EQ(read_file("f", 2).error().message, "cannot read `f`: it has 3 bytes, expected at most 2");
  EXPECT_EQ(std::distance(fs::directory_iterator("."), {}), 1);
  EXPECT_EQ(write_file_atomically("none/f", "").error().message,
            "cannot write `none/f`: no such file or directory");
  fs::create_directory("folder");
  EXPECT_EQ(write_file_atomically("folder", "").error().message, "cannot write `folder`: is a directory");
  EXPECT_EQ(read_file("folder", 9).error().message,
            "cannot read `folder`: it is a directory, expected a file");
}

TEST(Hash, IsTheStandardOne) {
  std::vector<std::uint8_t> abc = {'a', 'b', 'c'};
  EXPECT_EQ(hash_of(HashKind::kSha256, abc),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of(HashKind::kMd5, abc), "900150983cd24fb0d6963f7d28e17f72");
}

// Name, zero byte, extents as i64, values as f32: what the header promises, spelled out.
TEST(Hash, OfTensorsIsAsDocumented) {
  std::string bytes = std::string("w\0", 2) + std::string("\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16) +
                      std::string("\0\0\x80\x3f\0\0\0\xc0", 8);
  bytes += std::string("b\0", 2) + std::string("\0\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(sha256_of({{"w", {2, 1}, {1, -2}}, {"b", {0}, {}}}),
            hash_of(HashKind::kSha256, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));
  EXPECT_NE(sha256_of({{"w", {1, 2}, {1, -2}}, {"b", {0}, {}}}),
            sha256_of({{"w", {2, 1}, {1, -2}}, {"b", {0}, {}}}));
}

}  // namespace
}  // namespace netc::runtime
