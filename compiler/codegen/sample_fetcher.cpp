#include "compiler/codegen/sample_fetcher.h"

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr std::int64_t kLine = 64;

}  // namespace

SampleFetcher::SampleFetcher(Emitter& emitter, std::optional<kernel::BufferId> samples, std::int64_t tiles)
    : e_(emitter), b_(emitter.builder()), samples_(samples) {
  if (!samples_) return;
  const kernel::Buffer& buffer = e_.plan().buffer(*samples_);
  rows_ = buffer.rows;
  lines_a_row_ = (buffer.columns + kLine - 1) / kLine;
  auto first_line = [&](Value* tile) {
    return e_.times(b_.CreateUDiv(e_.times(tile, rows_), e_.index(tiles)), lines_a_row_);
  };
  next_ = e_.scratch(8);
  e_.store(first_line(e_.begin()), next_);
  // Small batches leave a thread without a row: then it fetches the first again and again.
  last_ = b_.CreateSub(first_line(e_.end()), e_.index(1));
  last_ = b_.CreateSelect(b_.CreateICmpSLT(last_, e_.index(0)), e_.index(0), last_);
}

void SampleFetcher::fetch(std::int64_t calls) {
  constexpr int kRead = 0, kSecondLevel = 2, kData = 1;
  if (!samples_) return;
  const std::int64_t lines = (rows_ * lines_a_row_ + calls - 1) / calls;
  Value* next = e_.load(b_.getInt64Ty(), next_);
  for (std::int64_t i = 0; i < lines; ++i) {
    Value* line = b_.CreateAdd(next, e_.index(i));
    line = b_.CreateSelect(b_.CreateICmpSLT(line, last_), line, last_);
    Value* row = b_.CreateUDiv(line, e_.index(lines_a_row_));
    Value* part = b_.CreateURem(line, e_.index(lines_a_row_));
    Value* address =
        e_.advance(e_.sample_address(*samples_, b_.CreateAdd(row, e_.index(rows_))), part, kLine);
    b_.CreateIntrinsic(llvm::Intrinsic::prefetch, {b_.getPtrTy()},
                       {address, b_.getInt32(kRead), b_.getInt32(kSecondLevel), b_.getInt32(kData)});
  }
  e_.store(b_.CreateAdd(next, e_.index(lines)), next_);
}

}  // namespace netc::codegen
