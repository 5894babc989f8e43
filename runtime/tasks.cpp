#include "runtime/tasks.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "runtime/priority.h"

namespace netc::runtime {

void run_tasks(std::size_t count, int threads, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next = 1;
  auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) task(i);
  };
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < std::min(static_cast<std::size_t>(threads), count); ++i) {
    helpers.emplace_back([&] {
      give_way();
      work();
    });
  }
  if (count > 0) task(0);
  work();
}

}  // namespace netc::runtime
