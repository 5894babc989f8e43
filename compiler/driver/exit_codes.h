#pragma once

namespace netc::driver {

constexpr int kGood = 0;
constexpr int kProgramError = 1;   // errors in the .net file
constexpr int kUsageError = 2;     // wrong options
constexpr int kDataError = 3;      // data or files
constexpr int kDiverged = 4;       // the loss was not finite
constexpr int kBug = 70;           // a fault of netc
constexpr int kInterrupted = 130;  // Ctrl-C

}  // namespace netc::driver
