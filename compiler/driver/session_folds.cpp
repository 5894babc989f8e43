// Cross-validation: the session trains a session for each part, and then its own network on all of them.

#include <fmt/format.h>

#include <filesystem>

#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/session.h"
#include "compiler/driver/testing.h"

namespace netc::driver {

// Parts that were tested before a run was killed are not trained again.
int Session::read_folds() {
  if (!options_.resume || !std::filesystem::exists(path_of(runtime::kFoldsFile))) return kGood;
  runtime::Result<std::string> text = runtime::read_file(path_of(runtime::kFoldsFile), std::size_t{64} << 20);
  if (!text) return data_error(text.error());
  runtime::Result<std::vector<runtime::FoldReport>> folds =
      runtime::folds_from_json(*text, loaded_.network.train.metrics);
  if (!folds) return data_error(folds.error());
  report_.folds = std::move(*folds);
  return kGood;
}

int Session::cross_validate() {
  const std::int64_t folds = loaded_.network.data.folds;
  if (folds == 0 || fold_) return kGood;
  if (int code = read_folds(); code != kGood) return code;
  Options options = options_;
  options.json.reset();
  options.resume.reset();
  options.save = options.profile = options.perf = false;
  for (auto fold = static_cast<std::int64_t>(report_.folds.size()); fold < folds; ++fold) {
    Session part(options, origin_, loaded_, pipeline_, fold);
    int code = part.prepare();
    if (code == kGood) code = part.train();
    if (code == kGood) code = part.test_fold();
    if (code != kGood) {
      report_.stopped = part.report_.stopped;
      return code;
    }
    report_.folds.push_back(part.report_.folds.back());
    fmt::print(out_, "{}", runtime::fold_line(report_.folds.back(), fold + 1, folds));
    std::fflush(out_);
    if (!folder_) continue;
    code = save(runtime::kFoldsFile,
                runtime::write_file_atomically(path_of(runtime::kFoldsFile), to_json(report_.folds)));
    if (code != kGood) return code;
  }
  fmt::print(out_, "\n");
  return kGood;
}

// The samples that this session trains on, of the first `available`: all, or those of the other parts.
std::vector<std::int32_t> Session::samples_to_train(std::int64_t available) {
  std::vector<std::int32_t> all = first_samples(available);
  if (!fold_) return all;
  std::span<const std::int32_t> labels;
  if (data_->classes > 0) labels = data_->train.labels;
  const std::vector<std::int32_t> parts =
      runtime::deal_folds(available, labels, loaded_.network.data.folds, loaded_.network.train.seed);
  std::vector<std::int32_t> others;
  for (std::int32_t sample : all)
    (parts[static_cast<std::size_t>(sample)] == *fold_ ? fold_samples_ : others).push_back(sample);
  return others;
}

int Session::test_fold() {
  if (int code = await_testing(); code != kGood) return code;
  keep_best();
  runtime::TestReport test =
      test_samples(loaded_.network, *data_, data_->train, fold_samples_, *inference_, *team_);
  runtime::FoldReport report{test.samples, test.scores.loss, {}};
  for (runtime::MetricResult& result : test.metrics) {
    if (!result.score.matrix.empty()) continue;
    runtime::MetricScore score;
    score.value = result.score.value;
    report.metrics.push_back({result.name, result.metric, result.shown, std::move(score)});
  }
  report_.folds.push_back(std::move(report));
  return kGood;
}

}  // namespace netc::driver
