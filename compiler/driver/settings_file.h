#pragma once
// settings.json of a run folder: what the command line said beside the program, so that the folder stands on
// its own.

#include <string>

#include "compiler/driver/frontend.h"
#include "compiler/driver/options.h"
#include "runtime/result.h"

namespace netc::driver {

std::string to_settings(const Origin& origin, const Options& options);
// The program of a run folder, with its settings in place of options that are not given anew.
runtime::Result<Origin> from_folder(const std::string& folder, Options& options);

}  // namespace netc::driver
