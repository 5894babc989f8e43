#pragma once
// The next batch's samples lie anywhere in the data set. A kernel with much to compute fetches them line by
// line, between its tiles, long before the next step reads them.

#include <optional>

#include "compiler/codegen/emitter.h"

namespace netc::codegen {

class SampleFetcher {
 public:
  // For the rows that belong to this thread's share of `tiles` tiles.
  SampleFetcher(Emitter& emitter, std::optional<kernel::BufferId> samples, std::int64_t tiles);

  // To be called `calls` times a run of all tiles, at least: fetches an equal part each time.
  void fetch(std::int64_t calls);

 private:
  Emitter& e_;
  llvm::IRBuilder<>& b_;
  std::optional<kernel::BufferId> samples_;
  std::int64_t rows_ = 0, lines_a_row_ = 0;
  llvm::Value *next_ = nullptr,
              *last_ = nullptr;  // a line's number in memory of the function; where they end
};

}  // namespace netc::codegen
