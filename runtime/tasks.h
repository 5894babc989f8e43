#pragma once
// Independent tasks on helper threads.

#include <cstddef>
#include <functional>

namespace netc::runtime {

// Calls task(0) .. task(count - 1), started in order, on up to `threads` threads. The first one should take
// longest: the calling thread does it, and helpers give way to that.
void run_tasks(std::size_t count, int threads, const std::function<void(std::size_t)>& task);

}  // namespace netc::runtime
