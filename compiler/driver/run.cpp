#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/session.h"
#include "compiler/driver/settings_file.h"

namespace netc::driver {

namespace {

OrExit<Origin> resumed_origin(Options& options) {
  runtime::Result<Origin> origin = from_folder(*options.resume, options);
  if (origin) return {std::make_unique<Origin>(*origin), kGood};
  print_error(origin.error());
  return {nullptr, kDataError};
}

}  // namespace

int run_command(const Options& given) {
  Options options = given;
  OrExit<Origin> origin = options.resume ? resumed_origin(options) : read_origin(options.file);
  if (!origin.value) return origin.exit_code;
  OrExit<Loaded> loaded = load_program(*origin.value, options, true);
  if (!loaded.value) return loaded.exit_code;
  std::optional<PipelineOptions> pipeline = pipeline_options(options.cpu, options.threads, true);
  if (!pipeline) return kUsageError;
  pipeline->overrides = options.schedule;
  Session session(options, *origin.value, *loaded.value, *pipeline);
  if (int code = session.prepare(); code != kGood) return code;
  return session.finish(session.train());
}

}  // namespace netc::driver
