#pragma once
// What the operating system knows of this process.

#include <atomic>
#include <cstdint>

namespace netc::driver {

// Seconds since the process was started, to 10 ms, at a time on runtime::now_seconds' clock.
double seconds_since_start(double now);
std::int64_t peak_rss_bytes();

// From here on Ctrl-C only sets the flag; a second one ends the process.
const std::atomic<bool>& catch_interrupt();

}  // namespace netc::driver
