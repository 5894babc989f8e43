#pragma once
// For tests of the program as a person runs it: the built `netc` in a folder of its own.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/temporary_folder.h"

namespace netc::program {

using Arguments = std::vector<std::string>;

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Outcome {
  int exit_code = 0;  // 128 + the signal that ended it
  std::string out, err;
};

// A running `netc`, or another command. What it prints goes to files, so that it never waits for us.
class Process {
 public:
  Process(const std::string& folder, Arguments command) : folder_(folder), pid_(::fork()) {
    if (pid_ == 0) become(std::move(command));
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  std::string out() const { return read_file(folder_ + "/.stdout"); }
  std::string err() const { return read_file(folder_ + "/.stderr"); }
  // False after a minute.
  bool wait_for(const std::string& text) const {
    for (int i = 0; i < 60'000; ++i) {
      if (out().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  void send(int signal) const { ::kill(pid_, signal); }
  Outcome wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), out(), err()};
  }

 private:
  [[noreturn]] void become(Arguments command) const {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    ::dup2(::open((folder_ + "/.stdout").c_str(), flags, 0666), 1);
    ::dup2(::open((folder_ + "/.stderr").c_str(), flags, 0666), 2);
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    if (::chdir(folder_.c_str()) != 0) ::_exit(126);
    ::setenv("XDG_CACHE_HOME", (folder_ + "/.cache").c_str(), 1);
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }

  std::string folder_;
  pid_t pid_;
};

// A folder with a data set of 64 training and 32 test images of 4x4 in 3 classes, beside which programs are
// written.
class Folder : public ::testing::Test {
 protected:
  Folder() {
    write_images("train", 64);
    write_images("test", 32);
  }

  // What stands before the layers.
  static constexpr const char* kData =
      "data idx \"train-images\" \"train-labels\" \"test-images\" \"test-labels\"";

  // A program on that data.
  void write_program(const std::string& name, const std::string& layers,
                     const std::string& settings = "") const {
    folder_.write(name, std::string(kData) + " " + settings + "\n" + layers + "\n");
  }
  Arguments command(Arguments arguments) const {
    arguments.insert(arguments.begin(), NETC_BINARY);
    return arguments;
  }
  Outcome netc(Arguments arguments) const {
    return Process(folder_.path(), command(std::move(arguments))).wait();
  }
  std::string path_of(const std::string& name) const { return folder_.path_of(name); }
  bool exists(const std::string& name) const { return std::filesystem::exists(path_of(name)); }

  runtime::TemporaryFolder folder_;

 private:
  static std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
  }
  // Each class has its own four bright pixels among noise.
  void write_images(const std::string& part, std::uint32_t count) const {
    std::string images = big_endian(0x0803) + big_endian(count) + big_endian(4) + big_endian(4);
    std::string labels = big_endian(0x0801) + big_endian(count);
    std::uint32_t state = count;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t label = i % 3;
      labels += static_cast<char>(label);
      for (std::uint32_t pixel = 0; pixel < 16; ++pixel) {
        state = state * 1664525 + 1013904223;
        images += static_cast<char>((state >> 25) + (pixel / 4 == label ? 100 : 0));
      }
    }
    folder_.write(part + "-images", images);
    folder_.write(part + "-labels", labels);
  }
};

// What differs from run to run or from machine to machine becomes a word: times, speeds, hashes, the
// processor.
inline std::string masked(std::string text) {
  const std::pair<const char*, const char*> words[] = {
      {R"(sha256 [0-9a-f]{64})", "sha256 HASH"},
      {R"(compiled \d+ kernels in [\d.]+ (s|ms|µs) for [^,]*,)", "compiled KERNELS,"},
      {R"(time     .*\n)", "time     TIMES\n"},
      {R"([\d.]+ (s|ms|µs)   )", "TIME   "},
      {R"(loss [\d.e+-]+)", "loss LOSS"},
      {R"(accuracy [\d.]+ %( ± [\d.]+)?)", "accuracy SHARE"}};
  for (const auto& [pattern, word] : words) text = std::regex_replace(text, std::regex(pattern), word);
  return text;
}

}  // namespace netc::program
