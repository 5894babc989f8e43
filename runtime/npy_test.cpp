#include "runtime/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include <fmt/format.h>

#include "runtime/dataset.h"
#include "runtime/temporary_folder.h"
#include "tests/numpy_files.h"

namespace netc::runtime {
namespace {

using testing::npy;
using testing::npz;

class Arrays : public ::testing::Test {
 protected:
  std::string error_of(const std::string& name, const std::string& bytes) {
    const std::string path = folder_.write(name, bytes);
    std::string error;
    if (name.ends_with(".npz")) {
      Result<std::vector<std::pair<std::string, NpyArray>>> read = read_npz(path);
      if (!read) error = read.error().message;
    } else {
      Result<NpyArray> read = read_npy(path);
      if (!read) error = read.error().message;
    }
    if (const std::size_t at = error.find(folder_.path()); at != std::string::npos)
      error.erase(at, folder_.path().size() + 1);
    return error;
  }
  Result<Dataset> load(const std::string& kind, std::vector<std::string> files) {
    DataRequest request{.kind = kind, .files = std::move(files), .search = {}};
    Result<Dataset> data = load_dataset(request, 2);
    if (!data) return data;
    std::vector<std::int32_t> rows;
    for (std::int32_t i = 0; i < data->train.count; ++i) rows.push_back(i);
    const Status status = encode_dataset(*data, rows, Normalization::kNone, Missing::kMean, 2);
    return status ? std::move(data) : status.error();
  }
  TemporaryFolder folder_;
};

TEST_F(Arrays, ReadsEveryType) {
  const std::pair<const char*, std::string> cases[] = {
      {"|u1", std::string("\x01\xff", 2)},
      {"<i2", std::string("\x01\0\xff\xff", 4)},
      {"<f4", std::string("\0\0\x80\x3f\0\0\x80\xbf", 8)},
      {"<f8", std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\xf0\xbf", 16)},
      {"<i8", std::string("\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16)},
  };
  for (const auto& [type, values] : cases) {
    const Result<NpyArray> array = read_npy(folder_.write("a.npy", npy(type, "(2,)", values)));
    ASSERT_TRUE(array) << type << array.error().message;
    EXPECT_EQ(array->extents, std::vector<std::int64_t>{2});
    EXPECT_EQ(array->at(0), 1) << type;
    EXPECT_EQ(array->at(1), std::string(type) == "|u1" ? 255 : -1) << type;
  }
}

TEST_F(Arrays, RefusesWhatIsNone) {
  EXPECT_EQ(error_of("a.npy", ""), "`a.npy` is not an npy array: it does not begin as one");
  EXPECT_EQ(error_of("a.npy", "\x93NUMPY\1"), "`a.npy` is not an npy array: it ends within its header");
  EXPECT_EQ(error_of("a.npy", npy("<f4", "(2,)", "1234")),
            "`a.npy` is an array of 2 with 4 bytes a value, but 4 bytes follow its header");
  EXPECT_EQ(
      error_of("a.npy", npy("<f4", "(9223372036854775807, 9)", "1234")),
      "`a.npy` is an array of 9223372036854775807x9 with 4 bytes a value, but 4 bytes follow its header");
  EXPECT_EQ(error_of("a.npy", npy(">f4", "(1,)", "1234")),
            "`a.npy` holds values of type >f4, not numbers that netc reads");
  EXPECT_EQ(error_of("a.npy", npy("|O", "(1,)", "1234")),
            "`a.npy` holds values of type |O, not numbers that netc reads");
  EXPECT_EQ(error_of("a.npy", npy("<f4", "(x,)", "1234")),
            "`a.npy` is not an npy array: its `shape` is none");
  EXPECT_EQ(error_of("a.npy", npy("<f4", "(1,)", "1234", true)), "`a.npy` is in Fortran's order");
}

TEST_F(Arrays, AnArchiveIsTestedThroughout) {
  const std::string good =
      npz({{"x", npy("|u1", "(2, 2)", "abcd")}, {"y", npy("|u1", "(2,)", std::string("\0\1", 2))}});
  EXPECT_EQ(error_of("a.npz", good), "");
  EXPECT_EQ(error_of("a.npz", "PK"), "`a.npz` is not a whole zip archive: it has no directory");
  std::string damaged = good;
  damaged[good.find("abcd")] = 'z';
  EXPECT_EQ(error_of("a.npz", damaged),
            "`a.npz` is not a whole zip archive: file `x.npy` does not match its checksum");
  for (std::size_t size = 0; size < good.size(); size += 7)
    EXPECT_NE(error_of("a.npz", good.substr(0, size)), "") << size;
}

TEST_F(Arrays, AreTables) {
  const std::string x = folder_.write("x.npy", npy("|i1", "(3, 2)", std::string("\1\2\3\4\5\6", 6)));
  const std::string y = folder_.write("y.npy", npy("|u1", "(3,)", std::string("\0\1\1", 3)));
  const Result<Dataset> data = load("npy", {x, y});
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->sample_extents, std::vector<std::int64_t>{2});
  EXPECT_EQ(data->classes, 2);
  EXPECT_EQ(data->encoding->inputs[1].name, "2");
  const std::string z = folder_.write("z.npy", npy("|u1", "(2,)", std::string("\0\1", 2)));
  const Result<Dataset> wrong = load("npy", {x, z});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "`" + x + "` has 3 samples, but `" + z + "` has 2");
}

TEST_F(Arrays, OfBytesAreImages) {
  const std::string x = npy("|u1", "(2, 2, 3)", "abcdefghijkl"),
                    y = npy("<i8", "(2,)", std::string("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16));
  const std::string path =
      folder_.write("a.npz", npz({{"x_train", x}, {"y_train", y}, {"x_test", x}, {"y_test", y}}));
  const Result<Dataset> data = load("npz", {path});
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_TRUE(data->bytes);
  EXPECT_EQ(data->sample_extents, (std::vector<std::int64_t>{2, 3, 1}));
  EXPECT_EQ(data->classes, 3);
  EXPECT_EQ(data->test.labels, (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(data->train.samples.data()[11], 'l');
  const std::string other = folder_.write("b.npz", npz({{"a", x}, {"b", y}}));
  const Result<Dataset> wrong = load("npz", {other});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message,
            "`" + other +
                "` has no arrays `x_train` and `y_train`, `x` and `y`, `X` and `y`, or `data` and `target`");
  EXPECT_EQ(wrong.error().hints, std::vector<std::string>{"it has `a`, `b`"});
}

}  // namespace
}  // namespace netc::runtime
