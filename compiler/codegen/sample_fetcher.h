#pragma once
// The next batch's samples lie anywhere in the data set. A kernel with much to compute fetches them line by
// line, between its tiles, long before the next step reads them.

#include <optional>

#include "compiler/codegen/emitter.h"

namespace netc::codegen {

class SampleFetcher {
 public:
  // For the rows that belong to this thread's share of the kernel's tiles; where every thread reads all of
  // the samples, for all rows.
  SampleFetcher(Emitter& emitter, const std::optional<kernel::Fetched>& fetched);

  // `fetch` will be called `calls` times a run of all tiles, at least. It fetches an equal part each time.
  void begin(std::int64_t calls);
  void fetch();

 private:
  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const std::optional<kernel::Fetched>& fetched_;
  std::int64_t rows_ = 0, lines_a_row_ = 0;
  // A line's number, in memory of the function; the last one; how many to fetch at a time.
  llvm::Value *next_ = nullptr, *last_ = nullptr, *lines_ = nullptr;
};

}  // namespace netc::codegen
