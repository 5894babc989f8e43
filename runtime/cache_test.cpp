#include "runtime/cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/temporary_folder.h"

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

class CacheTest : public testing::Test {
 protected:
  std::string folder() const { return temporary_.path_of("netc"); }
  std::vector<fs::path> files() const {
    if (!fs::exists(folder())) return {};
    return {fs::directory_iterator(folder()), fs::directory_iterator()};
  }
  TemporaryFolder temporary_;
};

void keep(const Cache& cache, const std::string& key, const std::string& text) {
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  cache.keep(key, std::array{bytes.first(text.size() / 2), bytes.subspan(text.size() / 2)});
}

std::string find(const Cache& cache, const std::string& key) {
  std::optional<Bytes> found = cache.find(key);
  return found ? std::string(found->data(), found->data() + found->size()) : "nothing";
}

TEST_F(CacheTest, FindsWhatAnotherKept) {
  keep(Cache(folder()), "a", "first");
  keep(Cache(folder()), "b", "");
  keep(Cache(folder()), "c", "third");
  keep(Cache(folder()), "c", "third anew");
  const Cache cache(folder());
  EXPECT_EQ(find(cache, "a"), "first");
  EXPECT_EQ(find(cache, "b"), "");
  EXPECT_EQ(find(cache, "c"), "third anew");
  EXPECT_EQ(find(cache, "d"), "nothing");
  EXPECT_EQ(files().size(), 3u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(cache.find("a")->data()) % 64, 0u);
}

TEST_F(CacheTest, IgnoresDamageAndReplacesIt) {
  const Cache cache(folder());
  keep(cache, "key", "contents");
  const fs::path file = files().at(0);
  std::ifstream in(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<std::string> damaged{"", whole + "x"};
  for (std::size_t i = 0; i < whole.size(); ++i) {
    damaged.push_back(whole.substr(0, i));
    damaged.push_back(whole);
    damaged.back()[i] ^= 1;
  }
  for (const std::string& text : damaged) {
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(find(cache, "key"), "nothing") << text.size();
  }
  keep(cache, "key", "contents");
  EXPECT_EQ(find(cache, "key"), "contents");
}

TEST_F(CacheTest, AnEntryStaysMappedWhenItIsRemoved) {
  const Cache cache(folder());
  keep(cache, "key", "contents");
  const std::optional<Bytes> found = cache.find("key");
  fs::remove_all(folder());
  ASSERT_TRUE(found);
  EXPECT_EQ(std::string(found->data(), found->data() + found->size()), "contents");
  EXPECT_EQ(find(cache, "key"), "nothing");
}

TEST_F(CacheTest, KeepsNothingWhereItCannotOrMayNot) {
  const std::string file = temporary_.write("file", "x");
  fs::create_directory(temporary_.path_of("open"));
  fs::permissions(temporary_.path_of("open"), fs::perms::all);
  for (const std::string& place : {std::string(), file, file + "/netc", temporary_.path_of("open")}) {
    const Cache cache(place);
    keep(cache, "key", "contents");
    EXPECT_EQ(find(cache, "key"), "nothing") << place;
  }
  EXPECT_TRUE(fs::is_empty(temporary_.path_of("open")));
  const Cache none;
  EXPECT_FALSE(none.keeps());
}

TEST_F(CacheTest, WhatWasUsedLongestAgoGoes) {
  const auto now = fs::file_time_type::clock::now();
  const std::string text(936, 'x');  // 1,000 bytes with its header
  for (int i = 0; i < 8; ++i) {
    keep(Cache(folder(), 100'000), std::to_string(i), text);
    for (const fs::path& file : files()) {
      if (fs::last_write_time(file) > now - std::chrono::hours(1))
        fs::last_write_time(file, now - std::chrono::hours(10 - i));
    }
  }
  EXPECT_EQ(find(Cache(folder()), "0"), text);
  keep(Cache(folder(), 4'000), "8", text);
  std::string left;
  const Cache cache(folder(), 3'000, 2);
  for (int i = 0; i < 9; ++i) left += find(cache, std::to_string(i)) == text ? std::to_string(i) : "";
  EXPECT_EQ(left, "0678");
  keep(Cache(folder(), 4'000, 2), "9", text);
  EXPECT_EQ(files().size(), 2u);
  keep(Cache(folder(), 4'000, 2), "large", text + text + text);
  EXPECT_EQ(find(cache, "large"), "nothing");
}

TEST_F(CacheTest, EntriesAreWholeForEveryThread) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const Cache cache(folder(), 5'000, 4);
        const std::string key = std::to_string((i + t) % 7), text = key + std::string(1'000, key[0]);
        const std::string found = find(cache, key);
        EXPECT_TRUE(found == "nothing" || found == text) << found;
        keep(cache, key, text);
      }
    });
  }
  threads.clear();
  EXPECT_LE(files().size(), 4u);
}

TEST(UserCacheFolder, FollowsTheEnvironment) {
  const char* home = ::getenv("HOME");
  const std::string before = home ? home : "";
  ::setenv("HOME", "/home/someone", 1);
  ::setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(user_cache_folder(), "/somewhere/netc");
  for (const char* relative : {"", "here"}) {
    ::setenv("XDG_CACHE_HOME", relative, 1);
    EXPECT_EQ(user_cache_folder(), "/home/someone/.cache/netc");
  }
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("HOME");
  EXPECT_EQ(user_cache_folder(), "");
  if (home) ::setenv("HOME", before.c_str(), 1);
}

}  // namespace
}  // namespace netc::runtime
