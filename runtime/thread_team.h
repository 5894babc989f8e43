#pragma once
// Threads that run whole epochs side by side and meet at barriers.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace netc::runtime {

// The cores that this process may use: its affinity, and its cgroup's quota.
int usable_cores();

// A meeting point. Waits spin for a bounded time (tens of nanoseconds when all run) and then sleep, so a busy
// machine loses nothing.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}
  void wait();

 private:
  const int threads_;
  alignas(64) std::atomic<std::uint32_t> round_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> sleepers_{0};
};

class ThreadTeam {
 public:
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }
  // Calls work(thread) on every thread, the caller's as thread 0, and returns when all are done. Denormal
  // numbers are flushed to zero meanwhile: Adam's first moments fade into them, and they are slow.
  void run(const std::function<void(int)>& work);
  // For use within `run`.
  void meet() { barrier_.wait(); }

 private:
  void serve(int thread);
  Barrier barrier_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(int)>* work_ = nullptr;
  std::uint64_t round_ = 0;
  int running_ = 0;
  bool stop_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace netc::runtime
