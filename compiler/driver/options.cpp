#include "compiler/driver/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>

#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/support/suggest.h"

namespace netc::driver {

namespace {

const std::vector<std::pair<std::string, std::string>> kSettings{
    {"epochs", "How often training goes over the data"},
    {"batch", "Samples a training step"},
    {"seed", "Where random numbers start"},
    {"lr", "The optimizer's learning rate, a number or an expression of epoch, step and progress"},
    {"optimizer", "The optimizer and its settings, such as 'sgd momentum=0.9'"},
    {"loss", "The loss and its settings, such as mse"},
    {"l1", "A penalty on the size of all weights"},
    {"l2", "A penalty on their squares"},
    {"ema", "Predicts with a running mean of the weights, such as 0.99"},
    {"clip", "A bound on the gradients, such as norm=1"},
    {"shards", "Parts in which a batch goes through"},
    {"class_weight", "What a sample counts by its class: balanced, or a number for each"},
    {"early_stop", "When to stop, such as 'val_loss patience=10'"},
    {"reduce_lr", "When to reduce the learning rate, such as 'val_loss factor=0.2 patience=5'"},
    {"metrics", "What a test measures, such as 'f1 top_k(3) confusion'"},
    {"validation", "Samples held out for validation: a number, or a share such as 10%"},
    {"test", "Test samples to use"},
    {"limit", "Training samples to use"}};

// Of those, what counts when nothing is trained.
constexpr std::array<std::string_view, 4> kSettingsOfEval{"batch", "loss", "metrics", "test"};

// By Stage.
constexpr std::array<std::string_view, 7> kStages{"tokens", "ast",  "network", "graph",
                                                  "kernel", "llvm", "asm"};
constexpr int kMostThreads = 1024;

std::vector<std::string> command_names() { return {"run", "check", "emit", "eval", "predict", "data"}; }

runtime::Error usage(std::string message, std::vector<std::string> hints = {}) {
  return {std::move(message), std::move(hints)};
}

class Line {
 public:
  Line()
      : app_("netc compiles a neural network from a few lines of text, trains it, and says how good it is.",
             "netc") {
    app_.require_subcommand(0, 1);
    app_.set_version_flag("--version", NETC_VERSION);
    add_run();
    add_check();
    add_emit();
    add_eval();
    add_predict();
    add_data();
  }

  ParsedOptions parse(int argc, char** argv) {
    if (argc <= 1) {
      fmt::print(stderr, "{}", app_.help());
      return {std::nullopt, kUsageError};
    }
    std::optional<runtime::Error> fault = unknown_command(argv[1]);
    try {
      if (!fault) app_.parse(argc, argv);
    } catch (const CLI::Success& wish) {
      return {std::nullopt, app_.exit(wish)};
    } catch (const CLI::ParseError& error) {
      fault = in_our_words(error, argv[1]);
    }
    if (!fault) fault = collect();
    if (!fault) return {options_, kGood};
    print_error(*fault);
    return {std::nullopt, kUsageError};
  }

 private:
  static std::optional<runtime::Error> unknown_command(const std::string& word) {
    const std::vector<std::string> names = command_names();
    if (word.starts_with("-") || std::find(names.begin(), names.end(), word) != names.end())
      return std::nullopt;
    runtime::Error error = usage(fmt::format("there is no command `{}`", word));
    if (word.ends_with(".net")) error.hints.push_back(fmt::format("write `netc run {}`", word));
    else if (auto near = suggest(word, names))
      error.hints.push_back(fmt::format("did you mean `{}`?", *near));
    else error.hints.push_back(fmt::format("the commands are {}", fmt::join(names, ", ")));
    return error;
  }

  static runtime::Error in_our_words(const CLI::ParseError& error, const std::string& command) {
    std::string text = error.what();
    // `--epochs: At Most 1 required but received 2`
    if (error.get_name() == "ArgumentMismatch" && text.find("but received") != std::string::npos)
      text = fmt::format("`{}` is given more than once", text.substr(0, text.find(':')));
    else if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return usage(std::move(text), {fmt::format("`netc {} --help` lists what there is",
                                               command.starts_with("-") ? "" : command)});
  }

  CLI::App* command(const std::string& name, const std::string& what, Command command) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->callback([this, command] { options_.command = command; });
    return sub;
  }

  void add_program_options(CLI::App* sub, bool trains = true) {
    sub->add_option("--set", sets_, "NAME=VALUE: another value for a `let` of the program (may be repeated)")
        ->allow_extra_args(false);
    sub->add_option("--data", options_.data, "What would stand behind `data`, such as 'mnist limit=1000'");
    for (std::size_t i = 0; i < kSettings.size(); ++i) {
      const auto& [name, what] = kSettings[i];
      const bool counts =
          std::find(kSettingsOfEval.begin(), kSettingsOfEval.end(), name) != kSettingsOfEval.end();
      if (trains || counts) sub->add_option("--" + name, values_[i], what);
    }
    sub->add_option("--cpu", options_.cpu,
                    "Compile for a processor by LLVM's name, such as x86-64-v3; default: this machine");
  }

  void add_schedule(CLI::App* sub) {
    sub->add_option(
           "--schedule", schedule_,
           fmt::format(
               "KERNEL:KEY=VALUE: tries another schedule, for kernels whose name begins so; keys: {} (may "
               "be repeated)",
               fmt::join(kernel::schedule_keys(), ", ")))
        ->allow_extra_args(false);
  }

  void add_running_options(CLI::App* sub) {
    sub->add_option("--threads", threads_, "Threads; default: the cores that the process may use");
    sub->add_option("--json", options_.json,
                    "Writes the report as JSON to a file, or with - to stdout (then words go to stderr)");
    sub->add_flag_callback(
        "--no-cache", [this] { options_.cache = false; },
        "Compiles and unpacks anew, and keeps nothing for the next time");
  }

  void add_run() {
    CLI::App* sub = command("run", "Trains a network and tests it", Command::kRun);
    sub->add_option("file", options_.file, "The program, a .net file");
    add_program_options(sub);
    add_running_options(sub);
    add_schedule(sub);
    sub->add_option("--out", options_.out, "The folder for what was learned; default: runs/NAME-N");
    sub->add_flag_callback("--no-save", [this] { options_.save = false; }, "Writes no folder");
    sub->add_flag("--profile", options_.profile, "Says where the time of training went, kernel by kernel");
    sub->add_flag("--perf", options_.perf, "Names the kernels for Linux's perf, in /tmp/perf-PID.map");
    sub->add_option("--resume", options_.resume, "A run's folder: goes on after its last finished epoch");
  }

  void add_check() {
    CLI::App* sub =
        command("check", "Types a program without its data, and prints its layers", Command::kCheck);
    sub->add_option("file", options_.file, "The program, a .net file")->required();
    add_program_options(sub);
  }

  void add_emit() {
    CLI::App* sub = command("emit", "Prints a program at a stage of compilation", Command::kEmit);
    sub->add_option("file", options_.file, "The program, a .net file")->required();
    sub->add_option("--stage", stage_, fmt::format("One of {}", fmt::join(kStages, ", ")))->required();
    add_program_options(sub);
    add_schedule(sub);
  }

  void add_eval() {
    CLI::App* sub = command("eval", "Tests what a run has learned", Command::kEval);
    sub->add_option("run", options_.file, "A run's folder, or a .net file with --weights")->required();
    sub->add_option(
        "files", options_.inputs,
        "Files of the kind that the run was trained on, with labels, to test it on instead of its own");
    sub->add_option("--weights", options_.weights, "A .safetensors file, for a .net file");
    add_program_options(sub, false);
    add_running_options(sub);
  }

  void add_predict() {
    CLI::App* sub = command("predict", "Predicts what images or other samples are", Command::kPredict);
    sub->add_option("run", options_.file, "A run's folder")->required();
    sub->add_option("inputs", options_.inputs, "PNG, JPEG and idx files; - is stdin")->required();
    sub->add_option("--format", format_, "csv, or json: one object a line");
    sub->add_option("--threads", threads_, "Threads; default: the cores that the process may use");
    sub->add_option("--cpu", options_.cpu, "Compile for a processor by LLVM's name; default: this machine");
    sub->add_flag_callback(
        "--no-cache", [this] { options_.cache = false; },
        "Compiles anew, and keeps nothing for the next time");
  }

  void add_data() {
    CLI::App* sub = command("data", "Says what data holds", Command::kData);
    sub->add_option(
           "data", options_.file,
           "A table's file, a folder of images, a .net file, or what stands behind `data`, such as mnist")
        ->required();
  }

  // What CLI11 cannot say: pairs, and options that need each other.
  std::optional<runtime::Error> collect() {
    for (const std::string& set : sets_) {
      const std::size_t equals = set.find('=');
      if (equals == std::string::npos || equals == 0)
        return usage(fmt::format("`--set {}` is not NAME=VALUE", set));
      options_.sets.emplace_back(set.substr(0, equals), set.substr(equals + 1));
    }
    for (std::size_t i = 0; i < kSettings.size(); ++i) {
      if (values_[i]) options_.settings.emplace_back(kSettings[i].first, *values_[i]);
    }
    if (auto fault = read_threads()) return fault;
    if (auto fault = read_stage()) return fault;
    if (auto fault = read_format()) return fault;
    if (auto fault = read_schedule()) return fault;
    return options_.command == Command::kRun ? check_run() : std::nullopt;
  }

  std::optional<runtime::Error> check_run() const {
    if (options_.file.empty() && !options_.resume) return usage("`netc run` needs a .net file");
    if (!options_.resume) return std::nullopt;
    if (!options_.file.empty())
      return usage("`--resume` takes the program from the run's folder: name no file");
    if (options_.out || !options_.save) {
      return usage(fmt::format("`--resume` goes on in the run's own folder: `{}` cannot be given",
                               options_.out ? "--out" : "--no-save"));
    }
    return std::nullopt;
  }

  std::optional<runtime::Error> read_threads() {
    if (!threads_) return std::nullopt;
    const char* end = threads_->data() + threads_->size();
    auto [stopped, problem] = std::from_chars(threads_->data(), end, options_.threads);
    if (problem == std::errc() && stopped == end && options_.threads >= 1 && options_.threads <= kMostThreads)
      return std::nullopt;
    return usage(
        fmt::format("`--threads` takes a whole number from 1 to {}, not `{}`", kMostThreads, *threads_));
  }

  std::optional<runtime::Error> read_stage() {
    if (!stage_) return std::nullopt;
    const auto found = std::find(kStages.begin(), kStages.end(), *stage_);
    if (found == kStages.end()) {
      return usage(fmt::format("there is no stage `{}`", *stage_),
                   {fmt::format("the stages are {}", fmt::join(kStages, ", "))});
    }
    options_.stage = static_cast<Stage>(found - kStages.begin());
    return std::nullopt;
  }

  std::optional<runtime::Error> read_format() {
    if (!format_) return std::nullopt;
    if (*format_ != "csv" && *format_ != "json")
      return usage(fmt::format("`--format` takes csv or json, not `{}`", *format_));
    options_.json_lines = *format_ == "json";
    return std::nullopt;
  }

  std::optional<runtime::Error> read_schedule() {
    const std::vector<std::string> keys = kernel::schedule_keys();
    for (const std::string& text : schedule_) {
      const std::size_t colon = text.find(':'), equals = text.find('=');
      if (colon == std::string::npos || equals == std::string::npos || equals < colon)
        return usage(fmt::format("`--schedule {}` is not KERNEL:KEY=VALUE", text));
      kernel::ScheduleOverride wish{text.substr(0, colon), text.substr(colon + 1, equals - colon - 1)};
      if (std::find(keys.begin(), keys.end(), wish.key) == keys.end()) {
        return usage(fmt::format("a schedule has no `{}`", wish.key),
                     {fmt::format("its keys are {}", fmt::join(keys, ", "))});
      }
      const char* end = text.data() + text.size();
      auto [stopped, problem] = std::from_chars(text.data() + equals + 1, end, wish.value);
      if (problem != std::errc() || stopped != end)
        return usage(fmt::format("`--schedule {}`: the value is not a whole number", text));
      options_.schedule.push_back(std::move(wish));
    }
    return std::nullopt;
  }

  CLI::App app_;
  Options options_;
  std::vector<std::string> sets_, schedule_;
  std::optional<std::string> threads_, stage_, format_;
  std::vector<std::optional<std::string>> values_ = std::vector<std::optional<std::string>>(kSettings.size());
};

}  // namespace

ParsedOptions parse_options(int argc, char** argv) { return Line().parse(argc, argv); }

}  // namespace netc::driver
