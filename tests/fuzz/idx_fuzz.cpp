// Feeds the loader with idx files made of the fuzzer's bytes: it may refuse them, but only with a message,
// and within bounds.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/dataset.h"
#include "runtime/run_folder.h"
#include "tests/fuzz/memory_file.h"

using netc::fuzz::MemoryFile;
using netc::fuzz::require;

// The first byte says where the images end and the labels begin.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netc::runtime;
  if (size == 0) return 0;
  std::size_t cut = 1 + (size - 1) * data[0] / 255;
  MemoryFile images(data + 1, cut - 1), labels(data + cut, size - cut);
  DataRequest request{"idx", {images.path(), labels.path()}, {}};
  Result<DatasetDescription> description = describe_dataset(request);
  Result<Dataset> loaded = load_dataset(request, 1);
  if (loaded) {
    require(static_cast<bool>(description));
    require(loaded->train.count == description->train &&
            loaded->sample_extents == description->sample_extents);
    require(loaded->train.samples.size() ==
            static_cast<std::size_t>(loaded->train.count * loaded->train.sample_elements));
    for (std::int32_t label : loaded->train.labels) require(label >= 0 && label < loaded->classes);
  } else {
    require(!loaded.error().message.empty());
  }
  Result<LoadedTensors> weights = load_safetensors(images.path());
  if (!weights) require(!weights.error().message.empty());
  return 0;
}
