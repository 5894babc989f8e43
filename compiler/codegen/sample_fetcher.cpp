#include "compiler/codegen/sample_fetcher.h"

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr std::int64_t kLine = 64;

}  // namespace

SampleFetcher::SampleFetcher(Emitter& emitter, const std::optional<kernel::Fetched>& fetched)
    : e_(emitter), b_(emitter.builder()), fetched_(fetched) {
  if (!fetched_) return;
  const kernel::Buffer& buffer = e_.plan().buffer(fetched_->samples);
  rows_ = buffer.rows;
  lines_a_row_ = (buffer.columns + kLine - 1) / kLine;
  next_ = e_.scratch(8);
  if (fetched_->by_each_thread) {
    e_.store(e_.index(0), next_);
    last_ = e_.index(rows_ * lines_a_row_ - 1);
    return;
  }
  auto first_line = [&](Value* tile) {
    return e_.times(b_.CreateUDiv(e_.times(tile, rows_), e_.index(e_.kernel().tiles)), lines_a_row_);
  };
  e_.store(first_line(e_.begin()), next_);
  // Small batches leave a thread without a row: then it fetches the first again and again.
  last_ = b_.CreateSub(first_line(e_.end()), e_.index(1));
  last_ = b_.CreateSelect(b_.CreateICmpSLT(last_, e_.index(0)), e_.index(0), last_);
}

void SampleFetcher::begin(std::int64_t calls) {
  if (!fetched_) return;
  const std::int64_t all = rows_ * lines_a_row_;
  if (!fetched_->by_each_thread) {
    lines_ = e_.index((all + calls - 1) / calls);
    return;
  }
  // As many more at a time as the thread has fewer tiles.
  Value* own = e_.times(b_.CreateSub(e_.end(), e_.begin()), calls);
  Value* whole = b_.CreateAdd(e_.index(all * e_.kernel().tiles - 1), own);
  lines_ = b_.CreateUDiv(whole, own);
}

void SampleFetcher::fetch() {
  constexpr int kSecondLevel = 2;
  if (!fetched_) return;
  Value* next = e_.load(b_.getInt64Ty(), next_);
  e_.loop(e_.index(0), lines_, 1, true, [&](Value* i) {
    Value* line = b_.CreateAdd(next, i);
    line = b_.CreateSelect(b_.CreateICmpSLT(line, last_), line, last_);
    Value* row = b_.CreateUDiv(line, e_.index(lines_a_row_));
    Value* part = b_.CreateURem(line, e_.index(lines_a_row_));
    Value* address = e_.sample_address(fetched_->samples, b_.CreateAdd(row, e_.index(rows_)));
    e_.prefetch(e_.advance(address, part, kLine), kSecondLevel);
  });
  e_.store(b_.CreateAdd(next, lines_), next_);
}

}  // namespace netc::codegen
