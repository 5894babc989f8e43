#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/report.h"
#include "runtime/run_folder.h"
#include "runtime/temporary_folder.h"

namespace netc::runtime {
namespace {

std::string file_of(const std::string& header, const std::string& data) {
  std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

// What is wrong with a file of this header and so many bytes of data.
std::string error_of(const std::string& header, std::size_t data) {
  TemporaryFolder folder;
  std::string path = folder.write("w", file_of(header, std::string(data, '\0')));
  Result<LoadedTensors> loaded = load_safetensors(path);
  if (loaded) return "no error";
  std::string message = loaded.error().message;
  std::string start = "`" + path + "` is not a sound safetensors file: ";
  return message.starts_with(start) ? message.substr(start.size())
                                    : message.replace(message.find(path), path.size(), "w");
}

TEST(Safetensors, BringsBackWhatWasSaved) {
  TemporaryFolder folder;
  float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  std::vector<NamedTensor> tensors = {{"dense_2.weight", {2, 3}, {1, 2, 3, -0.0f, infinity, 1e-45f}},
                                      {"empty", {0, 4}, {}},
                                      {"dense_1.bias", {1}, {nan}},
                                      {"scalar", {}, {7}}};
  std::string path = folder.path_of("w.safetensors");
  ASSERT_TRUE(save_safetensors(path, tensors, {{"epoch", "3"}, {"name", "µ \"x\""}}));
  Result<LoadedTensors> loaded = load_safetensors(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->metadata, (Metadata{{"epoch", "3"}, {"name", "µ \"x\""}}));
  ASSERT_EQ(loaded->tensors.size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(loaded->tensors[i].name, tensors[i].name);
    EXPECT_EQ(loaded->tensors[i].extents, tensors[i].extents);
  }
  EXPECT_EQ(sha256_of(loaded->tensors), sha256_of(tensors));
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Safetensors, WritesTheDocumentedBytes) {
  TemporaryFolder folder;
  std::string path = folder.path_of("w");
  ASSERT_TRUE(save_safetensors(path, {{"b", {2}, {1, 2}}, {"a", {1}, {3}}}));
  Result<std::string> file = read_file(path, 1000);
  ASSERT_TRUE(file);
  std::string header =
      R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  float values[] = {1, 2, 3};
  EXPECT_EQ(*file, file_of(header, std::string(reinterpret_cast<const char*>(values), sizeof values)));
}

// Written by another program, tests/reference/record.py.
TEST(Safetensors, ReadsAnotherWritersFile) {
  Result<LoadedTensors> loaded =
      load_safetensors(std::string(NETC_SOURCE_DIR) + "/tests/reference/mlp_a.safetensors");
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->tensors.size(), 10u);
  EXPECT_EQ(loaded->tensors[0].name, "dense_1.weight");
  EXPECT_EQ(loaded->tensors[0].extents, (std::vector<std::int64_t>{784, 32}));
  EXPECT_EQ(loaded->tensors[4].name, "indices");
  EXPECT_EQ(loaded->metadata.count("program"), 1u);
}

TEST(Safetensors, RefusesWhatDoesNotAddUp) {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  auto with = [&](const std::string& more) { return "{" + a + "," + more + "}"; };
  EXPECT_EQ(error_of("{" + a + "}", 8), "no error");
  EXPECT_EQ(error_of("{" + a + "}", 7), "tensor `a` lies at bytes 0 to 8, but there are 7 bytes of data");
  EXPECT_EQ(error_of("{" + a + "}", 9), "bytes 8 to 9 of its data belong to no tensor");
  EXPECT_EQ(error_of(with(R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]})"), 8),
            "tensors `a` and `b` overlap");
  EXPECT_EQ(error_of(with(R"("b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), 8),
            "tensors `a` and `b` overlap");
  EXPECT_EQ(error_of(with(R"("b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]})"), 16),
            "bytes 8 to 12 of its data belong to no tensor");
  EXPECT_EQ(error_of(with(a), 8), "tensor `a` stands in it twice");
  EXPECT_EQ(error_of(with(R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,4]})"), 8),
            "tensor `b` lies at bytes 8 to 4, but there are 8 bytes of data");
  EXPECT_EQ(
      error_of(
          with(
              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551615]})"),
          8),
      "tensor `b` lies at bytes 18446744073709551612 to 18446744073709551615, but there are 8 bytes of data");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 4),
            "tensor `a` in `w` has dtype F16, expected F32");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8),
            "tensor `a` of shape [3] does not fit its 8 bytes");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
            "tensor `a` of shape [4294967296, 4294967296] does not fit its 0 bytes");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", 0),
            "tensor `a` has no shape of whole numbers");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4),
            "tensor `a` has no data_offsets of two whole numbers");
  EXPECT_EQ(error_of(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4), "tensor `a` has no dtype");
  EXPECT_EQ(error_of(R"({"a":1})", 0), "the entry of `a` is not a JSON object");
  EXPECT_EQ(error_of(R"({"__metadata__":{"k":1}})", 0), "metadata `k` is not a string");
  EXPECT_EQ(error_of("[]", 0), "its header is not a JSON object");
  EXPECT_EQ(error_of("{\"a", 0), "its header is not a JSON object");
  EXPECT_EQ(error_of(std::string(1'000'000, '['), 0), "its header is not a JSON object");
}

TEST(Safetensors, RefusesFilesThatAreShortOrSomethingElse) {
  TemporaryFolder folder;
  auto message = [&](const std::string& contents) {
    std::string path = folder.write("w", contents);
    return load_safetensors(path).error().message.substr(path.size() + 2);
  };
  EXPECT_EQ(message(""),
            " is not a sound safetensors file: it has 0 bytes, the length of its header alone takes 8");
  EXPECT_EQ(message(std::string(8, '\xff')),
            " is not a sound safetensors file: it says that its header has 18446744073709551615 bytes, but 0 "
            "bytes follow");
  EXPECT_EQ(load_safetensors(folder.path()).error().message,
            "cannot read `" + folder.path() + "`: it is a directory, expected a file");
}

// A hundred thousand names cost about as much as their bytes.
TEST(Safetensors, ManyNamesAreNoTrap) {
  std::string header = "{";
  for (int i = 0; i < 100'000; ++i) {
    header +=
        (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  }
  EXPECT_EQ(error_of(header + "}", 0), "no error");
}

}  // namespace
}  // namespace netc::runtime
