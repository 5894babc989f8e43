// Feeds the loader of NumPy's arrays with archives and arrays made of the fuzzer's bytes.

#include "tests/fuzz/table_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netc;
  if (size == 0) return 0;
  const std::size_t cut = 1 + (size - 1) * data[0] / 255;
  const fuzz::MemoryFile whole(data, size), first(data + 1, cut - 1), second(data + cut, size - cut);
  runtime::DataRequest request;
  request.kind = "npz";
  request.files = {whole.path()};
  fuzz::load_table(request);
  request.kind = "npy";
  request.files = {first.path(), second.path()};
  fuzz::load_table(request);
  return 0;
}
