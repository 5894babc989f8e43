#pragma once
// Each returns the exit code.

#include "compiler/driver/options.h"

namespace netc::driver {

int run_command(const Options& options);
int check_command(const Options& options);
int emit_command(const Options& options);
int eval_command(const Options& options);
int predict_command(const Options& options);
int data_command(const Options& options);

}  // namespace netc::driver
