#pragma once
// What a run leaves behind: runs/NAME-N/ with the program, weights, a checkpoint, the history and the
// metrics. The folder stands on its own.
//
//   program.net             the text that was compiled
//   settings.json           its settings from the command line
//   data.json               what the run knows of its data (data_record.h)
//   folds.json              what the parts of a cross-validation scored (cross_validation.h)
//   weights.safetensors     what was learned, in logical layout: `dense_1.weight` [in, out], `dense_1.bias`
//   [out],
//                           and activations' learned parameters
//   checkpoint.safetensors  parameters and optimizer state after the last finished epoch; metadata: epoch,
//                           step, seed, batch, train_samples, validation_samples
//   history.csv             epoch, then the sorted columns that Keras's CSVLogger writes
//   metrics.json            the report (report.h)
//
// Every file is written under another name and renamed, so that a killed run leaves whole files.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/result.h"
#include "runtime/tensor.h"

namespace netc::runtime {

constexpr const char* kProgramFile = "program.net";
constexpr const char* kSettingsFile = "settings.json";
constexpr const char* kWeightsFile = "weights.safetensors";
constexpr const char* kCheckpointFile = "checkpoint.safetensors";
constexpr const char* kHistoryFile = "history.csv";
constexpr const char* kMetricsFile = "metrics.json";
constexpr const char* kDataFile = "data.json";
constexpr const char* kFoldsFile = "folds.json";

// safetensors: u64 little-endian header length, JSON {name: {dtype, shape, data_offsets}}, raw bytes. Tensors
// come back in the order of their bytes, which is the one they were saved in.
using Metadata = std::map<std::string, std::string>;
// Every dtype is F32; the metadata stand under `__metadata__`. Names have to differ.
Status save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                        const Metadata& metadata = {});
struct LoadedTensors {
  std::vector<NamedTensor> tensors;
  Metadata metadata;
};
// Refuses what does not add up: a header longer than the file, tensors that overlap, lie outside, leave gaps,
// come twice or are not F32.
Result<LoadedTensors> load_safetensors(const std::string& path);

// Makes runs/NAME-N with the smallest free N (safe when several runs start at once; characters of NAME that
// do not suit a folder become `-`), or `out` itself. Refuses a folder that cannot be written, or an `out`
// that holds a run already.
Result<std::string> create_run_folder(const std::string& name, const std::optional<std::string>& out);

// Whether a file could be written there, without leaving a trace.
Status test_writable(const std::string& path);
Status write_file_atomically(const std::string& path, const std::string& contents);
// A regular file of at most `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit);

}  // namespace netc::runtime
