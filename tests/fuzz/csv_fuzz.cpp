// Feeds the loader of tables with text files made of the fuzzer's bytes.

#include "tests/fuzz/table_fuzz.h"

// The first byte chooses settings; a second file begins behind the first byte 1.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netc;
  if (size == 0) return 0;
  const std::uint8_t choice = data[0];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = std::min(text.find('\1'), text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const fuzz::MemoryFile first(bytes, cut), second(bytes + cut, text.size() - cut);
  runtime::DataRequest request;
  request.kind = "csv";
  request.files = {first.path()};
  if (cut < text.size()) request.files.push_back(second.path());
  request.table.header = (choice & 1) == 0;
  request.table.encode = (choice & 2) == 0 ? runtime::CategoryCode::kOneHot : runtime::CategoryCode::kTarget;
  request.table.missing = static_cast<runtime::Missing>(choice >> 2 & 3);
  request.table.task = static_cast<runtime::Task>((choice >> 4 & 3) % 3);
  if ((choice & 64) != 0) request.table.categories = {"a"};
  fuzz::load_table(request);
  return 0;
}
