#include "compiler/driver/frontend.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/target.h"
#include "compiler/network/outline.h"
#include "compiler/syntax/parse.h"
#include "runtime/data_source.h"
#include "runtime/run_folder.h"

namespace netc::driver {

namespace {

constexpr std::size_t kMostBytes = std::size_t{2} << 20;

std::string absolute(const std::string& path, const std::string& directory) {
  std::filesystem::path wanted(path);
  return wanted.is_absolute() || directory.empty() ? path
                                                   : (std::filesystem::path(directory) / wanted).string();
}

// Where a known set may lie, most wanted first: where the person says, beside the program, in the working
// directory, beside netc.
std::vector<std::string> search_folders(const std::string& kind, const std::string& directory) {
  std::vector<std::string> folders;
  if (const char* wanted = std::getenv("NETC_DATA")) folders.push_back(absolute(kind, wanted));
  folders.push_back(absolute("data/" + kind, directory));
  folders.push_back("data/" + kind);
  std::error_code none;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
  folders.push_back((self / "../examples/data" / kind).lexically_normal().string());
  folders.push_back((self / "../share/netc/data" / kind).lexically_normal().string());
  if (const char* home = std::getenv("HOME")) folders.push_back(absolute(".cache/netc/" + kind, home));
  return folders;
}

runtime::DataRequest make_request(const DataSpec& spec, const Options& options) {
  runtime::DataRequest request;
  request.kind = spec.kind;
  for (const std::string& file : spec.files) request.files.push_back(absolute(file, spec.directory));
  request.search = search_folders(spec.kind, spec.directory);
  request.images = spec.images;
  request.table = spec.table;
  request.made = spec.made;
  request.threads = threads_to_use(options.threads);
  return request;
}

// Weights come with how the rows of a table became samples.
runtime::Status add_encoding(const Options& options, runtime::DataRequest& request) {
  const runtime::DataSource* source = runtime::find_data_source(request.kind);
  if (!options.weights || source == nullptr || !source->has_tables()) return runtime::Done{};
  const std::filesystem::path folder = std::filesystem::path(*options.weights).parent_path();
  runtime::Result<runtime::Encoding> encoding =
      runtime::read_encoding((folder / runtime::kEncodingFile).string());
  if (!encoding) return encoding.error();
  request.encoding = std::move(*encoding);
  return runtime::Done{};
}

Overrides make_overrides(const Options& options, Sources& sources) {
  Overrides overrides;
  for (const auto& [name, value] : options.sets)
    overrides.lets.push_back({name, sources.add("--set " + name + "=" + value, value)});
  for (const auto& [name, value] : options.settings) {
    // A list that may begin with a call, which is no command.
    const std::string text = begins_with_name(name) ? name + " " + value : value;
    overrides.train.push_back({name, sources.add("--" + name + " " + value, text)});
  }
  if (options.data) overrides.data = Override{"data", sources.add("--data " + *options.data, *options.data)};
  return overrides;
}

Shape shape_of(const std::vector<std::int64_t>& extents) {
  const ShapeKind kind = extents.size() == 3   ? ShapeKind::kImage
                         : extents.size() == 2 ? ShapeKind::kSequence
                                               : ShapeKind::kVector;
  return {kind, extents};
}

DataDescription to_description(const runtime::DatasetDescription& described) {
  return {.sample = shape_of(described.sample_extents),
          .classes = described.classes,
          .train = described.train,
          .test = described.test,
          .holds_out = described.holds_out,
          .bytes = described.bytes,
          .targets = described.targets};
}

// Known sets are described without their files where these need not be there. How many samples there were is
// of no interest to who has a record.
runtime::Result<runtime::DatasetDescription> describe(const runtime::DataRequest& request, bool need_data,
                                                      const runtime::DataRecord* record) {
  if (record != nullptr) {
    const std::int64_t targets =
        request.encoding ? static_cast<std::int64_t>(request.encoding->targets.size()) : 1;
    return runtime::DatasetDescription{.sample_extents = record->sample_extents,
                                       .classes = record->classes,
                                       .bytes = !request.encoding,
                                       .targets = targets};
  }
  const runtime::DataSource* source = runtime::find_data_source(request.kind);
  if (source != nullptr && source->known && !need_data) return *source->known;
  return runtime::describe_dataset(request);
}

// Whether the program can be typed without its data: a table says how many features and classes there are.
bool says_shapes(const ast::Program& program, const runtime::DataRequest& request) {
  const runtime::DataSource* source = runtime::find_data_source(request.kind);
  Diagnostics elsewhere;
  return make_outline(program, elsewhere).input != nullptr && (source == nullptr || !source->has_tables());
}

}  // namespace

int exit_code_of(const Sources& sources, const Diagnostics& diagnostics) {
  const std::vector<Diagnostic> list = diagnostics.sorted();
  const bool options_alone = std::all_of(list.begin(), list.end(), [&](const Diagnostic& diagnostic) {
    return sources.name(diagnostic.span.source).starts_with("--");
  });
  return options_alone ? kUsageError : kProgramError;
}

OrExit<Origin> read_origin(const std::string& path) {
  runtime::Result<std::string> text = runtime::read_file(path, kMostBytes);
  if (!text) {
    return {nullptr, data_error(text.error())};
  }
  auto origin = std::make_unique<Origin>();
  *origin = {path, std::move(*text), std::filesystem::path(path).parent_path().string()};
  return {std::move(origin), kGood};
}

OrExit<Loaded> load_program(const Origin& origin, const Options& options, bool need_data,
                            const runtime::DataRecord* record) {
  auto loaded = std::make_unique<Loaded>();
  Sources& sources = loaded->sources;
  Diagnostics diagnostics;
  auto fail = [&]() -> OrExit<Loaded> {
    print_diagnostics(sources, diagnostics);
    return {nullptr, exit_code_of(sources, diagnostics)};
  };
  loaded->source = sources.add(origin.name, origin.text);
  std::optional<ast::Program> program = parse_program(sources, loaded->source, diagnostics);
  if (!program) return fail();
  loaded->program = std::move(*program);
  loaded->prelude = load_prelude(sources);
  Overrides overrides = make_overrides(options, sources);
  std::optional<DataSpec> spec = read_data_spec(loaded->program, sources, overrides, diagnostics);
  if (!spec) return fail();
  spec->directory = options.data ? options.data_directory : origin.directory;
  loaded->request = make_request(*spec, options);
  if (runtime::Status status = add_encoding(options, loaded->request); !status) {
    return {nullptr, data_error(status.error())};
  }
  runtime::Result<runtime::DatasetDescription> described = describe(loaded->request, need_data, record);
  // Without shapes, what else would be said is but a consequence.
  if (!described && (need_data || !says_shapes(loaded->program, loaded->request))) {
    return {nullptr, data_error(described.error(), sources, *spec)};
  }
  std::optional<DataDescription> description;
  if (described) {
    description = to_description(*described);
    loaded->request.parts = described->parts;
  }
  std::optional<Network> network = build_network(loaded->program, sources, loaded->prelude, std::move(*spec),
                                                 description, overrides, diagnostics);
  if (!network) {
    OrExit<Loaded> failure = fail();
    // Why the data said nothing of its shape.
    if (!described) print_error(described.error());
    return failure;
  }
  print_diagnostics(sources, diagnostics);
  loaded->network = std::move(*network);
  loaded->request.held_out = held_out(loaded->network.data, loaded->network.description);
  return {std::move(loaded), kGood};
}

OrExit<LoadedData> load_data(const Origin& origin, const Options& options) {
  auto loaded = std::make_unique<LoadedData>();
  Sources& sources = loaded->sources;
  Diagnostics diagnostics;
  const SourceId source = sources.add(origin.name, origin.text);
  std::optional<ast::Program> program = parse_program(sources, source, diagnostics);
  const Definitions prelude = load_prelude(sources);
  const Overrides overrides = make_overrides(options, sources);
  std::optional<DataSpec> spec =
      program ? read_data_spec(*program, sources, overrides, diagnostics) : std::nullopt;
  if (!spec) {
    print_diagnostics(sources, diagnostics);
    return {nullptr, exit_code_of(sources, diagnostics)};
  }
  spec->directory = options.data ? options.data_directory : origin.directory;
  loaded->request = make_request(*spec, options);
  loaded->spec = std::move(*spec);
  return {std::move(loaded), kGood};
}

int data_error(const runtime::Error& error, const Sources& sources, const DataSpec& spec) {
  if (!error.unknown) return data_error(error);
  const std::string& written = error.unknown->written;
  if (auto column = spec.column_places.find(written); column != spec.column_places.end())
    return data_error(error, sources, column->second);
  for (const auto& [file, place] : spec.file_places)
    if (absolute(file, spec.directory) == written) return data_error(error, sources, place);
  return data_error(error);
}

std::int64_t resolve(const std::optional<Amount>& amount, std::int64_t all, std::int64_t otherwise) {
  return amount ? std::min(all, samples_of(*amount, all)) : otherwise;
}

std::int64_t count_test_samples(const Network& network, std::int64_t loaded) {
  return network.description.holds_out ? loaded : resolve(network.data.test, loaded, loaded);
}

}  // namespace netc::driver
