#include "runtime/dataset.h"

#include <gtest/gtest.h>
#include <libdeflate.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "runtime/idx.h"
#include "runtime/known_sets.h"
#include "runtime/philox.h"
#include "runtime/temporary_folder.h"
#include "runtime/unpacked.h"

namespace netc::runtime {
namespace {

const std::string kMnist = std::string(NETC_SOURCE_DIR) + "/examples/data/mnist";

std::string idx(const std::vector<std::uint32_t>& extents, const std::string& values, char type = 0x08) {
  std::string file = {0, 0, type, static_cast<char>(extents.size())};
  for (std::uint32_t extent : extents)
    for (int shift : {24, 16, 8, 0}) file += static_cast<char>(extent >> shift);
  return file + values;
}

std::string gzip(const std::string& text, int level = 6) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(level);
  std::string packed(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  packed.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  return packed;
}

DataRequest files(std::vector<std::string> paths) { return {"idx", std::move(paths), {}}; }

// What loading and describing say is wrong, with the folder's own path left out. They agree, or the
// difference is shown.
std::string error_of(const TemporaryFolder& folder, const DataRequest& request, bool described = true) {
  auto text = [&](const Error& error) {
    std::string message = error.message;
    std::string prefix = folder.path() + "/";
    for (std::size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
    return message;
  };
  Result<Dataset> loaded = load_dataset(request, 2);
  Result<DatasetDescription> description = describe_dataset(request);
  if (loaded) return "no error";
  std::string message = text(loaded.error());
  if (!described) return message;
  if (description) return message + " | described";
  return text(description.error()) == message ? message : message + " | " + text(description.error());
}

TEST(Idx, ReadsImagesOfEveryRank) {
  TemporaryFolder folder;
  std::string labels = folder.write("labels", idx({2}, std::string("\0\2", 2)));
  struct Case {
    std::vector<std::uint32_t> extents;
    std::vector<std::int64_t> sample;
  };
  for (const Case& c : {Case{{2, 3}, {3}}, Case{{2, 3, 1}, {3, 1, 1}}, Case{{2, 1, 1, 3}, {1, 1, 3}}}) {
    std::string images = folder.write("images", idx(c.extents, "abcdef"));
    Result<Dataset> data = load_dataset(files({images, labels}), 1);
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->sample_extents, c.sample);
    EXPECT_EQ(data->classes, 3);
    EXPECT_EQ(data->train.count, 2);
    EXPECT_EQ(data->train.sample_elements, 3);
    EXPECT_EQ(std::string(data->train.samples.data(), data->train.samples.data() + 6), "abcdef");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data->train.samples.data()) % 64, 0u);
    EXPECT_EQ(data->train.labels, (std::vector<std::int32_t>{0, 2}));
    EXPECT_EQ(data->test.count, 0);
    Result<DatasetDescription> description = describe_dataset(files({images, labels}));
    ASSERT_TRUE(description) << description.error().message;
    EXPECT_EQ(description->sample_extents, c.sample);
    EXPECT_EQ(description->classes, 3);
    EXPECT_EQ(description->train, 2);
    EXPECT_EQ(description->test, 0);
  }
}

// gzip is known by its content: the names here say nothing, or the wrong thing.
TEST(Idx, ReadsPackedFilesOfEveryLevel) {
  TemporaryFolder folder;
  std::string values(300'000, '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<char>(philox({static_cast<std::uint32_t>(i), 0, 0, 0}, 1, 2)[0]);
  std::string labels = folder.write("labels.gz", idx({3}, std::string("\1\0\1", 3)));
  for (int level : {0, 1, 12}) {
    std::string images = folder.write("images", gzip(idx({3, 100, 1000}, values), level));
    Result<Dataset> data = load_dataset(files({images, labels, images, labels}), 2);
    ASSERT_TRUE(data) << data.error().message;
    for (const SampleSet* set : {&data->train, &data->test}) {
      EXPECT_EQ(std::string(set->samples.data(), set->samples.data() + set->samples.size()), values);
      EXPECT_EQ(set->labels, (std::vector<std::int32_t>{1, 0, 1}));
    }
    EXPECT_EQ(data->source, "idx: 3 training and 3 test images of 100x1000x1, 2 classes");
  }
}

TEST(Idx, SaysWhatIsWrongWithAFile) {
  TemporaryFolder folder;
  std::string labels = folder.write("labels", idx({2}, std::string("\0\1", 2)));
  auto message = [&](const std::string& contents) {
    return error_of(folder, files({folder.write("images", contents), labels}));
  };
  std::string good = idx({2, 1, 3}, "abcdef");
  EXPECT_EQ(message(""), "`images` is empty, expected an idx file");
  EXPECT_EQ(message(good.substr(0, 3)),
            "`images` is truncated: it has 3 bytes, an idx header has at least 8");
  EXPECT_EQ(message(good.substr(0, 10)), "`images` is truncated: it has 10 bytes, its header alone has 16");
  EXPECT_EQ(message(good.substr(0, 20)),
            "`images` is truncated: its header says 2x1x3, so 22 bytes are expected, but it has 20");
  EXPECT_EQ(message(good + "g"),
            "`images` is too long: its header says 2x1x3, so 22 bytes are expected, but it has 23");
  EXPECT_EQ(
      message("\x89PNG\r\n"),
      "`images` is not an idx file: it starts with 89 50 4e 47, expected 00 00 08 and the number of extents");
  EXPECT_EQ(message(idx({2, 3}, "abcdef", 0x0D)),
            "`images` holds values of idx type 0x0D (32-bit floats), expected 0x08 (unsigned bytes)");
  EXPECT_EQ(message(idx({2, 1, 1, 1, 1}, "ab")), "`images` has 5 extents, expected 1 to 4");
  EXPECT_EQ(message(idx({2, 0, 3}, "")), "`images` holds nothing: extent 2 of its header is 0");
  EXPECT_EQ(message(idx({0x7fffffff, 0x7fffffff, 0x7fffffff}, "")),
            "`images` is too large: its header says 2,147,483,647 values or more");
  EXPECT_EQ(message(idx({0xffffffff, 1, 1}, "")),
            "`images` is too large: its header says 4,294,967,295 values or more");
  EXPECT_EQ(message(idx({2}, "ab")),
            "`images` has 1 extent, expected samples with 2 to 4; are these the labels?");
}

TEST(Idx, SaysWhatIsWrongWithAPackedFile) {
  TemporaryFolder folder;
  std::string labels = folder.write("labels", idx({2}, std::string("\0\1", 2)));
  auto message = [&](const std::string& contents) {
    return error_of(folder, files({folder.write("images", contents), labels}), false);
  };
  std::string good = gzip(idx({2, 1, 3}, "abcdef"));
  EXPECT_EQ(message(gzip("")), "`images` is empty, expected an idx file");
  EXPECT_EQ(message(good.substr(0, 2)),
            "`images` is damaged: its gzip data is truncated or does not match its checksum");
  EXPECT_EQ(message(good.substr(0, good.size() - 9)),
            "`images` is damaged: its gzip data is truncated or does not match its checksum");
  std::string flipped = good;
  flipped[flipped.size() - 6] ^= 1;
  EXPECT_EQ(message(flipped),
            "`images` is damaged: its gzip data is truncated or does not match its checksum");
  EXPECT_EQ(message(good + "xy"), "`images` has 2 bytes behind its gzip data, expected none");
  EXPECT_EQ(message(gzip(idx({2, 1, 3}, "abcde"))),
            "`images` unpacks to 21 bytes, expected 22 by its header");
  EXPECT_EQ(message(gzip(idx({2, 1, 3}, "abcdefg"))),
            "`images` unpacks to more bytes than its header says, expected 22");
  // The trailer's size and the header's extents are a stranger's words: neither decides what is allocated.
  std::string bomb = gzip(idx({2, 0x10000000, 3}, "abcdef"));
  EXPECT_EQ(message(bomb),
            "`images` is damaged: its header says 2x268435456x3 (1,610,612,752 bytes), more than its " +
                std::to_string(bomb.size()) + " bytes of gzip data can hold");
}

TEST(Idx, SaysWhatIsInTheFilesPlace) {
  TemporaryFolder folder;
  std::string labels = folder.write("labels", idx({2}, std::string("\0\1", 2)));
  EXPECT_EQ(error_of(folder, files({folder.path_of("none"), labels})),
            "cannot read `none`: no such file or directory");
  std::filesystem::create_directory(folder.path_of("folder"));
  EXPECT_EQ(error_of(folder, files({folder.path_of("folder"), labels})),
            "cannot read `folder`: it is a directory, expected an idx file");
  ASSERT_EQ(::mkfifo(folder.path_of("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of(folder, files({folder.path_of("pipe"), labels})),
            "cannot read `pipe`: it is not a regular file, expected an idx file");
}

TEST(Idx, FilesHaveToFitTogether) {
  TemporaryFolder folder;
  std::string images = folder.write("images", idx({2, 3}, "abcdef")),
              labels = folder.write("labels", idx({2}, std::string("\0\1", 2)));
  std::string three = folder.write("three", idx({3}, std::string("\0\1\1", 3)));
  std::string wide = folder.write("wide", idx({2, 4}, "abcdefgh")),
              high = folder.write("high", idx({2}, "\1\7"));
  EXPECT_EQ(error_of(folder, files({images})), "`data idx` takes 2 or 4 files, but gets 1");
  EXPECT_EQ(error_of(folder, files({images, three})), "`images` has 2 samples, but `three` has 3 labels");
  EXPECT_EQ(error_of(folder, files({labels, images})),
            "`labels` has 1 extent, expected samples with 2 to 4; are these the labels?");
  EXPECT_EQ(error_of(folder, files({images, wide})),
            "`wide` has 2 extents, expected labels with 1; are these the images?");
  EXPECT_EQ(error_of(folder, files({images, labels, wide, labels})),
            "the test samples in `wide` are 4, but the training samples in `images` are 3");
  // Describing does not read test labels.
  EXPECT_EQ(error_of(folder, files({images, labels, images, high})),
            "label 2 in `high` is 7, expected 0 to 1: there are 2 classes | described");
}

std::string samples_of(const Result<Dataset>& data) {
  if (!data) return data.error().message;
  return {data->train.samples.data(), data->train.samples.data() + data->train.samples.size()};
}

// Until some seconds after its last change, another one might not show: nothing is kept.
void wait_until_settled() { std::this_thread::sleep_for(std::chrono::seconds(4)); }

TEST(Unpacked, IsKeptUntilTheSourceChanges) {
  TemporaryFolder folder;
  const DataRequest request = files({folder.write("images", gzip(idx({2, 3}, "abcdef"))),
                                     folder.write("labels", gzip(idx({2}, std::string("\0\1", 2))))});
  const std::string kept = folder.path_of("cache/netc");
  auto load = [&] {
    const Cache cache(kept);
    Result<Dataset> data = load_dataset(request, 2, cache);
    if (data) keep_unpacked(*data, cache);
    return data;
  };
  EXPECT_EQ(samples_of(load()), "abcdef");
  EXPECT_FALSE(std::filesystem::exists(kept));
  wait_until_settled();
  EXPECT_EQ(samples_of(load()), "abcdef");
  Result<Dataset> mapped = load();
  EXPECT_EQ(samples_of(mapped), "abcdef");
  EXPECT_EQ(mapped->train.unpacked_key, "");
  EXPECT_EQ(mapped->sample_extents, std::vector<std::int64_t>{3});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mapped->train.samples.data()) % 64, 0u);
  EXPECT_EQ(samples_of(load_dataset(request, 2)), "abcdef");

  // As long as before, and with the old time: what cannot be set is the time of the change itself.
  const auto before = std::filesystem::last_write_time(folder.path_of("images"));
  folder.write("images", gzip(idx({2, 3}, "ghijkl")));
  std::filesystem::last_write_time(folder.path_of("images"), before);
  EXPECT_EQ(samples_of(load()), "ghijkl");
  wait_until_settled();
  EXPECT_EQ(samples_of(load()), "ghijkl");
  EXPECT_EQ(samples_of(load()), "ghijkl");
  std::filesystem::remove(folder.path_of("images"));
  EXPECT_FALSE(load());
}

// What was kept for `data idx` is not taken for a known set's file without a proof.
TEST(Unpacked, IsKeptWithWhatWasProved) {
  TemporaryFolder folder;
  const Cache cache(folder.path_of("netc"));
  const std::string images = kMnist + "/t10k-images-idx3-ubyte.gz";
  Result<Dataset> data = load_dataset(files({images, kMnist + "/t10k-labels-idx1-ubyte.gz"}), 2, cache);
  ASSERT_TRUE(data);
  keep_unpacked(*data, cache);
  EXPECT_TRUE(find_unpacked(cache, images, ""));
  EXPECT_FALSE(find_unpacked(cache, images, known_set("mnist")->files[2].hash));
  Result<Dataset> known = load_dataset({"mnist", {}, {kMnist}}, 2, cache);
  ASSERT_TRUE(known);
  keep_unpacked(*known, cache);
  Result<Dataset> again = load_dataset({"mnist", {}, {kMnist}}, 2, cache);
  EXPECT_EQ(again->train.unpacked_key, "");
  EXPECT_EQ(again->test.unpacked_key, "");
  EXPECT_EQ(samples_of(again), samples_of(known));
}

TEST(KnownSets, LoadsTheGenuineMnist) {
  Result<Dataset> data = load_dataset({"mnist", {}, {"/nowhere", kMnist}}, 2);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->source, "mnist: 60,000 training and 10,000 test images of 28x28x1, 10 classes");
  EXPECT_EQ(data->train.samples.size(), 47'040'000u);
  EXPECT_EQ(data->test.samples.size(), 7'840'000u);
  EXPECT_EQ(std::vector<std::int32_t>(data->train.labels.begin(), data->train.labels.begin() + 5),
            (std::vector<std::int32_t>{5, 0, 4, 1, 9}));
  Result<DatasetDescription> description = describe_dataset({"mnist", {}, {kMnist}});
  ASSERT_TRUE(description) << description.error().message;
  EXPECT_EQ(description->sample_extents, (std::vector<std::int64_t>{28, 28, 1}));
  EXPECT_EQ(description->train, 60'000);
  EXPECT_EQ(description->test, 10'000);
}

// What the packed bytes prove may wait; what they do not is unpacked and tested at once.
TEST(KnownSets, TestSamplesCanBeUnpackedLater) {
  Result<Dataset> data = load_dataset({"mnist", {}, {kMnist}}, 2, Cache(), Unpack::kLater);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->train.samples.size(), 47'040'000u);
  EXPECT_EQ(data->test.count, 10'000);
  EXPECT_EQ(data->test.labels.size(), 10'000u);
  EXPECT_EQ(data->test.samples.size(), 0u);
  ASSERT_TRUE(unpack_samples(data->test));
  EXPECT_FALSE(data->test.packed);
  Result<Dataset> at_once = load_dataset({"mnist", {}, {kMnist}}, 2);
  auto test_samples = [](const Dataset& set) {
    return std::string(set.test.samples.data(), set.test.samples.data() + set.test.samples.size());
  };
  EXPECT_EQ(test_samples(*data), test_samples(*at_once));

  TemporaryFolder folder;
  for (const KnownFile& known : known_set("mnist")->files)
    std::filesystem::copy(kMnist + "/" + known.name + ".gz", folder.path());
  Result<IdxFile> images = read_idx(folder.path_of("t10k-images-idx3-ubyte.gz"));
  ASSERT_TRUE(images && unpack_idx(*images));
  const std::string text(images->values.whole().begin(), images->values.whole().end());
  folder.write("t10k-images-idx3-ubyte.gz", gzip(text, 1));
  data = load_dataset({"mnist", {}, {folder.path()}}, 2, Cache(), Unpack::kLater);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->test.samples.size(), 7'840'000u);
  folder.write("t10k-images-idx3-ubyte.gz", gzip(text, 1).substr(0, 100'000));
  data = load_dataset({"mnist", {}, {folder.path()}}, 2, Cache(), Unpack::kLater);
  ASSERT_FALSE(data);
  EXPECT_NE(data.error().message.find(" is damaged: "), std::string::npos) << data.error().message;
}

TEST(KnownSets, TheirPackedFilesAreKnown) {
  for (const KnownFile& known : known_set("mnist")->files) {
    Result<IdxFile> file = read_idx(kMnist + "/" + known.name + ".gz");
    ASSERT_TRUE(file);
    EXPECT_TRUE(packed_is_genuine(known, *file)) << known.name;
  }
}

// Another packer's files, and unpacked ones under their dotted names, are proved by their contents.
TEST(KnownSets, HashesWhatIsUnpacked) {
  TemporaryFolder folder;
  for (std::string name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                           "t10k-labels-idx1-ubyte"}) {
    Result<IdxFile> file = read_idx(kMnist + "/" + name + ".gz");
    ASSERT_TRUE(file);
    ASSERT_TRUE(unpack_idx(*file));
    std::string text(file->values.whole().begin(), file->values.whole().end());
    bool labels = name.find("labels") != std::string::npos;
    std::string dotted = name;
    dotted[name.rfind("-idx")] = '.';
    folder.write(labels ? name + ".gz" : dotted, labels ? gzip(text, 1) : text);
  }
  Result<Dataset> data = load_dataset({"mnist", {}, {folder.path()}}, 1);
  ASSERT_TRUE(data) << data.error().message;
  std::filesystem::remove(folder.path_of("t10k-images.idx3-ubyte"));
  folder.write("t10k-images-idx3-ubyte", idx({10'000, 1, 1}, std::string(10'000, 'x')));
  EXPECT_EQ(error_of(folder, {"mnist", {}, {folder.path()}}),
            "the test samples in `t10k-images-idx3-ubyte` are 1x1x1, but the training samples in "
            "`train-images.idx3-ubyte` are 28x28x1");
  folder.write("t10k-images-idx3-ubyte", idx({10'000, 28, 28}, std::string(7'840'000, 'x')));
  EXPECT_EQ(error_of(folder, {"mnist", {}, {folder.path()}}),
            "`t10k-images-idx3-ubyte` is not MNIST's t10k-images-idx3-ubyte: its SHA-256 is "
            "96db3e9808af839ddb9bb3fd4dde7accf95518e8c21650e519c5d1a9a3a4e1ce, expected "
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 | described");
}

// Fashion-MNIST's files have MNIST's names: a folder that holds the other set is passed over, and named when
// there is nothing else.
TEST(KnownSets, TellsSetsWithTheSameNamesApart) {
  TemporaryFolder empty;
  Result<Dataset> data = load_dataset({"fashion_mnist", {}, {empty.path(), kMnist}}, 2);
  if (data) {
    EXPECT_EQ(data->class_names.size(), 10u);
    EXPECT_EQ(data->train.count, 60'000);
    return;
  }
  EXPECT_NE(
      data.error().message.find("is not Fashion-MNIST's train-images-idx3-ubyte: its MD5 (unpacked) is "),
      std::string::npos)
      << data.error().message;
  EXPECT_EQ(data.error().hints.at(0), known_set("fashion_mnist")->hint);
}

TEST(KnownSets, SaysWhereItLooked) {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder.path_of("a"));
  Result<Dataset> data = load_dataset({"mnist", {}, {"/nowhere", folder.path_of("a")}}, 2);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().message,
            "cannot find the data set `mnist`: looked for train-images-idx3-ubyte and its three companions "
            "(plain or .gz) in `/nowhere`, `" +
                folder.path_of("a") + "`");
  EXPECT_EQ(data.error().hints,
            std::vector<std::string>{"netc's own folder examples/data/mnist holds the four files"});
  EXPECT_EQ(load_dataset({"mnits", {}, {}}, 1).error().message, "there is no data source `mnits`");
}

}  // namespace
}  // namespace netc::runtime
