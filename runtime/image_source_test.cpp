// `data images` and `data cifar10` from folders as people have them.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <numeric>
#include <thread>

#include "runtime/dataset.h"
#include "runtime/image_files.h"
#include "runtime/temporary_folder.h"

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

// An image whose pixels all have one value.
std::string flat(std::uint8_t value, std::int64_t height = 2, std::int64_t width = 3,
                 std::int64_t channels = 1) {
  return make_png({{height, width, channels},
                   std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * channels), value)});
}

// Two classes, `cat` and `dog`, of three images each.
class Images : public testing::Test {
 protected:
  Images() { add_classes("pets"); }

  void add_classes(const std::string& name) const {
    for (int i = 0; i < 3; ++i) {
      write(name + "/cat/" + std::to_string(i) + ".png", flat(static_cast<std::uint8_t>(10 + i)));
      write(name + "/dog/" + std::to_string(i) + ".png", flat(static_cast<std::uint8_t>(20 + i)));
    }
  }
  void write(const std::string& name, const std::string& contents) const {
    fs::create_directories(fs::path(folder_.path_of(name)).parent_path());
    folder_.write(name, contents);
  }
  DataRequest request(ImageSettings settings = {}, std::int64_t held_out = 0) const {
    return {"images", {folder_.path_of("pets")}, {}, settings, held_out};
  }
  // What loading says is wrong, and its hints, with the folder's own path left out.
  std::string error(const DataRequest& request) const {
    Result<Dataset> data = load_dataset(request, 2);
    if (data) return "no error";
    std::string message = data.error().message;
    for (const std::string& hint : data.error().hints) message += " | " + hint;
    const std::string prefix = folder_.path() + "/";
    for (std::size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
    return message;
  }
  std::string error() const { return error(request()); }

  TemporaryFolder folder_;
};

// The value of each sample's first number, with its label.
std::multimap<int, int> contents(const SampleSet& set) {
  std::multimap<int, int> result;
  for (std::int64_t i = 0; i < set.count; ++i)
    result.emplace(set.samples.data()[i * set.sample_elements], set.labels[static_cast<std::size_t>(i)]);
  return result;
}

const std::multimap<int, int> kAll{{10, 0}, {11, 0}, {12, 0}, {20, 1}, {21, 1}, {22, 1}};

TEST_F(Images, AFolderIsAClass) {
  Result<DatasetDescription> description = describe_dataset(request());
  ASSERT_TRUE(description) << description.error().message;
  EXPECT_EQ(description->sample_extents, (std::vector<std::int64_t>{2, 3, 1}));
  EXPECT_EQ(description->classes, 2);
  EXPECT_EQ(description->train, 6);
  EXPECT_EQ(description->test, 0);
  EXPECT_TRUE(description->holds_out);
  Result<Dataset> data = load_dataset(request(), 2);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->source, "images: 6 training images of 2x3x1, 2 classes");
  EXPECT_EQ(data->class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(contents(data->train), kAll);
  EXPECT_EQ(data->test.count, 0);
}

// The order is the same for any number of threads, and mixes the classes.
TEST_F(Images, SomeAreHeldOutForTheTest) {
  Result<Dataset> data = load_dataset(request({}, 2), 1), again = load_dataset(request({}, 2), 2),
                  all = load_dataset(request(), 2);
  ASSERT_TRUE(data && again && all);
  EXPECT_EQ(data->source, "images: 4 training and 2 test images of 2x3x1, 2 classes");
  EXPECT_EQ(data->train.labels, again->train.labels);
  EXPECT_EQ(data->test.labels, again->test.labels);
  std::multimap<int, int> together = contents(data->train);
  together.merge(contents(data->test));
  EXPECT_EQ(together, kAll);
  EXPECT_FALSE(std::ranges::is_sorted(all->train.labels));
  EXPECT_TRUE(std::equal(data->test.labels.begin(), data->test.labels.end(), all->train.labels.begin()));
}

TEST_F(Images, TheTestMayHaveAFolderOfItsOwn) {
  write("test/dog/a.png", flat(99));
  write("test/cat/b.png", flat(98));
  DataRequest both = request();
  both.files.push_back(folder_.path_of("test"));
  Result<Dataset> data = load_dataset(both, 2);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(contents(data->train), kAll);
  EXPECT_EQ(contents(data->test), (std::multimap<int, int>{{99, 1}, {98, 0}}));
  Result<DatasetDescription> description = describe_dataset(both);
  EXPECT_EQ(description->test, 2);
  EXPECT_FALSE(description->holds_out);
  write("test/cow/a.png", flat(99));
  EXPECT_EQ(error(both), "`test` has the class `cow`, which `pets` has not");
}

TEST_F(Images, AreBroughtToOneSizeAndColour) {
  write("pets/cat/wide.png", flat(50, 10, 40, 3));
  write("pets/dog/high.png", flat(60, 40, 10, 3));
  Result<Dataset> data = load_dataset(request({8, 8, 3}), 2);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->sample_extents, (std::vector<std::int64_t>{8, 8, 3}));
  std::multimap<int, int> expected = kAll;
  expected.insert({{50, 0}, {60, 1}});
  EXPECT_EQ(contents(data->train), expected);
  EXPECT_EQ(contents(load_dataset(request({8, 8, 1}), 2)->train), expected);
  // Typed without opening a file.
  write("pets/cat/0.png", "");
  EXPECT_EQ(describe_dataset(request({8, 8, 3}))->sample_extents, (std::vector<std::int64_t>{8, 8, 3}));
}

TEST_F(Images, ThatDifferAreRefused) {
  write("pets/dog/wide.png", flat(50, 2, 4));
  EXPECT_EQ(error(),
            "`pets/dog/wide.png` has 4 x 2 pixels, but `pets/cat/0.png` has 3 x 2 | `size=2x3` (height x "
            "width) brings all images to one size");
  write("pets/dog/wide.png", flat(50, 2, 3, 3));
  EXPECT_EQ(error(),
            "`pets/dog/wide.png` is in colour, but `pets/cat/0.png` is grey | write `grey` or `rgb`");
  // Grey among coloured ones loses nothing.
  write("pets/cat/0.png", flat(10, 2, 3, 3));
  Result<Dataset> data = load_dataset(request(), 2);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->sample_extents, (std::vector<std::int64_t>{2, 3, 3}));
}

TEST_F(Images, ThatCannotBeUsedAreNamed) {
  write("pets/dog/1.png", "");
  EXPECT_EQ(error(), "`pets/dog/1.png` is empty, expected a PNG or JPEG image");
  for (const char* name : {"cat/0", "cat/1", "cat/2", "dog/0"})
    write("pets/" + std::string(name) + ".png", flat(1).substr(0, 50));
  EXPECT_EQ(error({"images", {folder_.path_of("pets")}, {}, {2, 3, 1}, 0}),
            "`pets/cat/0.png` is truncated: the file ends before its PNG image does | 4 more cannot be used: "
            "`pets/cat/1.png`, `pets/cat/2.png`, `pets/dog/0.png`, ...");
}

TEST_F(Images, FoldersHaveToHoldClasses) {
  fs::create_directory(folder_.path_of("pets/cow"));
  EXPECT_EQ(error(), "`pets/cow` holds no image | each folder is a class: remove those that are none");
  write("pets/cow/.DS_Store", "x");
  write("pets/cow/Thumbs.db", "x");
  EXPECT_EQ(error(), "`pets/cow` holds no image | each folder is a class: remove those that are none");
  fs::remove_all(folder_.path_of("pets/cow"));
  // Beside the classes' folders anything may stand.
  write("pets/README", "x");
  EXPECT_EQ(error(), "no error");
  write("pets/dog/notes.txt", "good dogs");
  EXPECT_EQ(error(), "`pets/dog/notes.txt` is neither PNG nor JPEG: it starts with 67 6f 6f 64");
  fs::remove_all(folder_.path_of("pets/dog"));
  EXPECT_EQ(error(),
            "`pets` has one folder, `cat`, expected one for each of at least 2 classes | put the images of "
            "each class into a folder of its own");
  EXPECT_EQ(error({"images", {folder_.path_of("pets/cat")}, {}}),
            "`pets/cat` has no folder, expected one for each of at least 2 classes | put the images of each "
            "class into "
            "a folder of its own");
  EXPECT_EQ(error({"images", {folder_.path_of("none")}, {}}),
            "cannot read `none`: no such file or directory");
  EXPECT_EQ(error({"images", {folder_.path_of("pets/README")}, {}}),
            "cannot read `pets/README`: not a directory");
}

TEST_F(Images, NoFileIsTakenForWhatItIsNot) {
  fs::create_symlink("loop", folder_.path_of("pets/dog/loop"));
  EXPECT_EQ(error(), "cannot read `pets/dog/loop`: too many levels of symbolic links");
  fs::remove(folder_.path_of("pets/dog/loop"));
  fs::create_symlink("..", folder_.path_of("pets/dog/up"));
  EXPECT_EQ(error(), "`pets/dog/up` is a folder, expected an image of the class `dog`");
  fs::remove(folder_.path_of("pets/dog/up"));
  ASSERT_EQ(::mkfifo(folder_.path_of("pets/dog/pipe").c_str(), 0600), 0);
  EXPECT_EQ(error(), "cannot read `pets/dog/pipe`: it is not a regular file, expected an image");
  fs::remove(folder_.path_of("pets/dog/pipe"));
  fs::create_symlink("1.png", folder_.path_of("pets/dog/link.png"));
  EXPECT_EQ(error(), "no error");
  if (::geteuid() == 0) return;  // root reads everything
  fs::permissions(folder_.path_of("pets/dog/1.png"), fs::perms::none);
  EXPECT_EQ(error(), "cannot read `pets/dog/1.png`: permission denied");
}

TEST_F(Images, MoreThanTheMachineHoldsIsRefused) {
  const std::string message = error(request({65536, 65536, 3}));
  EXPECT_EQ(message.substr(0, message.find(", more")), "6 images of 65536x65536x3 take 77.3 GB") << message;
}

TEST_F(Images, DecodedOnesAreKeptUntilAFileChanges) {
  const std::string kept = folder_.path_of("cache/netc");
  auto load = [&](ImageSettings settings = {}) {
    const Cache cache(kept);
    Result<Dataset> data = load_dataset(request(settings, 2), 2, cache);
    if (data) keep_unpacked(*data, cache);
    return data;
  };
  // Until then another change to a file would not show.
  std::this_thread::sleep_for(std::chrono::seconds(4));
  Result<Dataset> first = load(), second = load();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->train.unpacked_key, "");
  EXPECT_EQ(second->train.unpacked_key, "");
  EXPECT_EQ(second->test.unpacked_key, "");
  EXPECT_EQ(contents(second->train), contents(first->train));
  EXPECT_EQ(contents(second->test), contents(first->test));
  EXPECT_EQ(load({4, 4, 1})->train.samples.size(), 4u * 16);
  write("pets/cat/0.png", flat(77));
  Result<Dataset> changed = load();
  std::multimap<int, int> together = contents(changed->train);
  together.merge(contents(changed->test));
  EXPECT_TRUE(together.contains(77));
}

// Files of the right size without their bytes on the disk.
class Cifar10 : public testing::Test {
 protected:
  Cifar10() {
    for (const char* name :
         {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"}) {
      folder_.write(std::string(name) + ".bin", "");
      fs::resize_file(path(name), 30'730'000);
    }
  }
  std::string path(const std::string& name) const { return folder_.path_of(name + ".bin"); }
  void put(const std::string& name, std::streamoff offset, const std::string& bytes) const {
    std::fstream file(path(name), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << bytes;
  }
  DataRequest request() const { return {"cifar10", {folder_.path()}, {}}; }

  TemporaryFolder folder_;
};

TEST_F(Cifar10, PlanesBecomePixels) {
  // The second record of the second file: label 7, red 1 2 .., green 3 4 .., blue 5 6 ..
  put("data_batch_2", 3073, "\7\1\2");
  put("data_batch_2", 3073 + 1 + 1024, "\3\4");
  put("data_batch_2", 3073 + 1 + 2048, "\5\6");
  put("test_batch", 0, "\x9");
  Result<Dataset> data = load_dataset(request(), 2);
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->source, "cifar10: 50,000 training and 10,000 test images of 32x32x3, 10 classes");
  EXPECT_EQ(data->train.labels[10'001], 7);
  const std::uint8_t* sample = data->train.samples.data() + 10'001 * 3072;
  EXPECT_EQ(std::vector<std::uint8_t>(sample, sample + 7), (std::vector<std::uint8_t>{1, 3, 5, 2, 4, 6, 0}));
  EXPECT_EQ(std::accumulate(data->train.labels.begin(), data->train.labels.end(), 0), 7);
  EXPECT_EQ(data->test.labels[0], 9);
  EXPECT_EQ(data->class_names[9], "truck");
  Result<DatasetDescription> description = describe_dataset(request());
  ASSERT_TRUE(description) << description.error().message;
  EXPECT_EQ(description->train, 50'000);
}

TEST_F(Cifar10, SaysWhatIsWrong) {
  auto error = [&] {
    Result<Dataset> data = load_dataset(request(), 2);
    return data ? "no error" : data.error().message;
  };
  put("data_batch_3", 3073, "\xa");
  EXPECT_EQ(error(), "label 2 in `" + path("data_batch_3") + "` is 10, expected 0 to 9");
  fs::resize_file(path("data_batch_4"), 3073);
  EXPECT_EQ(error(), "label 2 in `" + path("data_batch_3") + "` is 10, expected 0 to 9");
  put("data_batch_3", 3073, "\1");
  EXPECT_EQ(error(),
            "`" + path("data_batch_4") +
                "` is not a file of CIFAR-10's binary version: it has 3,073 bytes, expected 30,730,000");
  EXPECT_EQ(describe_dataset(request()).error().message, error());
  fs::remove(path("test_batch"));
  EXPECT_EQ(error(), "cannot find CIFAR-10 in `" + folder_.path() + "`: there is no test_batch.bin");
}

}  // namespace
}  // namespace netc::runtime
