#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>

#include "runtime/report.h"

namespace netc::runtime {
namespace {

constexpr int kBarWidth = 24;
constexpr const char* kBarPart = "━";
constexpr const char* kDone = "\x1b[32m";
constexpr const char* kOpen = "\x1b[2m";
constexpr const char* kPlain = "\x1b[0m";
constexpr const char* kClearLine = "\r\x1b[K";
constexpr std::chrono::milliseconds kRedraw{100};

int terminal_columns(std::FILE* out) {
  winsize size = {};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string scores_text(const Scores& scores, const char* prefix) {
  std::string text = fmt::format("   {}loss {}", prefix, loss_text(scores.loss));
  if (scores.accuracy) text += fmt::format("   {}accuracy {}", prefix, percent(*scores.accuracy));
  return text;
}

std::string bar(int width, std::int64_t done, std::int64_t all) {
  int filled = all > 0 ? static_cast<int>(width * std::min(done, all) / all) : width;
  std::string text = kDone;
  for (int i = 0; i < width; ++i) {
    if (i == filled) text += fmt::format("{}{}", kPlain, kOpen);
    text += kBarPart;
  }
  return text + kPlain;
}

std::string best_line(const BestReport& best) {
  const bool share = best.monitor.ends_with("accuracy");
  return fmt::format("best     epoch {}: {} {}; its weights are kept\n", best.epoch, best.monitor,
                     share ? percent(best.value) : loss_text(best.value));
}

// 698,123 -> 698,000: more digits would pretend that the next run shows the same.
std::int64_t three_digits(double value) {
  double unit = 1;
  while (value / unit >= 1000) unit *= 10;
  return std::llround(value / unit) * static_cast<std::int64_t>(unit);
}

std::string time_line(const RunReport& report) {
  std::string text =
      fmt::format("time     {}: start and data {:.2f}, compile {:.2f}", human_seconds(report.total_seconds),
                  report.load_seconds, report.compile_seconds);
  if (report.samples_per_second) {
    text += fmt::format(", train {:.2f} ({} samples/s)", report.train_seconds,
                        with_commas(three_digits(*report.samples_per_second)));
  }
  if (report.test) text += fmt::format(", test {:.2f}", report.test->seconds);
  return text + "\n";
}

}  // namespace

std::string loss_text(double loss) {
  double magnitude = std::fabs(loss);
  bool plain = magnitude == 0 || (magnitude >= 0.001 && magnitude < 10'000) || !std::isfinite(loss);
  return plain ? fmt::format("{:.4f}", loss) : fmt::format("{:.3e}", loss);
}

ProgressPrinter::ProgressPrinter(std::FILE* out, bool terminal, std::int64_t epochs, std::int64_t steps)
    : out_(out), terminal_(terminal), epochs_(epochs), steps_(steps) {}

ProgressPrinter::~ProgressPrinter() {
  if (!open_line_) return;
  std::fputs("\n", out_);
  std::fflush(out_);
}

void ProgressPrinter::step(std::int64_t epoch, std::int64_t steps_done, double seconds, double loss) {
  Clock::time_point now = Clock::now();
  if (!terminal_ || (open_line_ && now - last_drawn_ < kRedraw)) return;
  last_drawn_ = now;
  open_line_ = true;
  draw(epoch, steps_done, fmt::format("{:.2f} s   loss {}", seconds, loss_text(loss)));
}

void ProgressPrinter::epoch(const EpochReport& report) {
  std::string rest = fmt::format("{:.2f} s{}", report.seconds.value_or(0), scores_text(report.train, ""));
  if (report.validation) rest += scores_text(*report.validation, "val_");
  draw(report.epoch, steps_, rest + "\n");
  open_line_ = false;
}

void ProgressPrinter::draw(std::int64_t epoch, std::int64_t steps_done, const std::string& rest) {
  std::string start = fmt::format("epoch {:>{}}/{}  ", epoch, fmt::formatted_size("{}", epochs_), epochs_);
  std::string count =
      fmt::format("{:>{}}/{}   {}", steps_done, fmt::formatted_size("{}", steps_), steps_, rest);
  if (terminal_) {
    // A line that wraps cannot be redrawn: the bar gives way.
    int room = terminal_columns(out_) - static_cast<int>(start.size() + count.size()) - 2;
    int width = std::clamp(room, 0, kBarWidth);
    if (width > 0) start += bar(width, steps_done, steps_) + "  ";
    start = kClearLine + start;
  }
  fmt::print(out_, "{}{}", start, count);
  std::fflush(out_);
}

std::string closing_lines(const RunReport& report) {
  std::string text;
  if (!report.stopped.empty()) {
    std::size_t epochs = report.epochs.size();
    text +=
        fmt::format("stopped  {} after {} {}\n", report.stopped, epochs, epochs == 1 ? "epoch" : "epochs");
  }
  if (!report.folds.empty()) text += cross_validation_line(report.folds);
  if (report.best) text += best_line(*report.best);
  if (report.test) text += test_lines(*report.test);
  text += time_line(report);
  // In full: two runs are compared by it.
  if (!report.weights_sha256.empty()) text += fmt::format("weights  sha256 {}\n", report.weights_sha256);
  if (report.folder) {
    text += fmt::format("saved    {}\n", *report.folder);
    text += fmt::format("try      netc eval {}\n", *report.folder);
  }
  return text;
}

}  // namespace netc::runtime
