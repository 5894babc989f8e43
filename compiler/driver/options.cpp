#include "compiler/driver/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "compiler/driver/exit_codes.h"

namespace netc::driver {

namespace {

const std::vector<std::pair<std::string, std::string>> kSettings{
    {"epochs", "How often training goes over the data"},
    {"batch", "Samples a training step"},
    {"seed", "Where random numbers start"},
    {"lr", "The optimizer's learning rate, a number or an expression of epoch, step and progress"},
    {"optimizer", "The optimizer and its settings, such as 'sgd momentum=0.9'"},
    {"loss", "The loss and its settings, such as mse"},
    {"validation", "Samples held out for validation: a number, or a share such as 10%"},
    {"test", "Test samples to use"},
    {"limit", "Training samples to use"}};

class Line {
 public:
  Line()
      : app_("netc compiles a neural network from a few lines of text, trains it, and says how good it is.",
             "netc") {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", NETC_VERSION);
    add_run();
    add_check();
    add_emit();
    add_eval();
  }

  ParsedOptions parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return {std::nullopt, app_.exit(error) == 0 ? kGood : kUsageError};
    }
    if (auto fault = collect()) {
      fmt::print(stderr, "error: {}\n", *fault);
      return {std::nullopt, kUsageError};
    }
    return {options_, kGood};
  }

 private:
  CLI::App* command(const std::string& name, const std::string& what, Command command) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->callback([this, command] { options_.command = command; });
    return sub;
  }

  void add_program_options(CLI::App* sub) {
    sub->add_option("--set", sets_, "NAME=VALUE: another value for a `let` of the program (may be repeated)")
        ->allow_extra_args(false);
    sub->add_option("--data", options_.data, "What would stand behind `data`, such as 'mnist limit=1000'");
    for (std::size_t i = 0; i < kSettings.size(); ++i)
      sub->add_option("--" + kSettings[i].first, values_[i], kSettings[i].second);
    sub->add_option("--cpu", options_.cpu,
                    "Compile for a processor by LLVM's name, such as x86-64-v3; default: this machine");
  }

  void add_running_options(CLI::App* sub) {
    sub->add_option("--threads", options_.threads, "Threads; default: the cores that the process may use")
        ->check(CLI::Range(1, 1024));
    sub->add_option("--json", options_.json,
                    "Writes the report as JSON to a file, or with - to stdout (then words go to stderr)");
  }

  void add_run() {
    CLI::App* sub = command("run", "Trains a network and tests it", Command::kRun);
    sub->add_option("file", options_.file, "The program, a .net file");
    add_program_options(sub);
    add_running_options(sub);
    sub->add_option("--out", options_.out, "The folder for what was learned; default: runs/NAME-N");
    sub->add_flag("!--no-save", options_.save, "Writes no folder");
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
    const std::map<std::string, Stage> stages{{"tokens", Stage::kTokens},   {"ast", Stage::kAst},
                                              {"network", Stage::kNetwork}, {"graph", Stage::kGraph},
                                              {"kernel", Stage::kKernel},   {"llvm", Stage::kLlvm},
                                              {"asm", Stage::kAsm}};
    sub->add_option("--stage", options_.stage, "tokens, ast, network, graph, kernel, llvm or asm")
        ->required()
        ->transform(CLI::CheckedTransformer(stages));
    add_program_options(sub);
  }

  void add_eval() {
    CLI::App* sub = command("eval", "Tests what a run has learned", Command::kEval);
    sub->add_option("run", options_.file, "A run's folder, or a .net file with --weights")->required();
    sub->add_option("--weights", options_.weights, "A .safetensors file, for a .net file");
    add_program_options(sub);
    add_running_options(sub);
  }

  // What CLI11 cannot say: pairs, and options that need each other.
  std::optional<std::string> collect() {
    for (const std::string& set : sets_) {
      const std::size_t equals = set.find('=');
      if (equals == std::string::npos || equals == 0) return fmt::format("`--set {}` is not NAME=VALUE", set);
      options_.sets.emplace_back(set.substr(0, equals), set.substr(equals + 1));
    }
    for (std::size_t i = 0; i < kSettings.size(); ++i) {
      if (values_[i]) options_.settings.emplace_back(kSettings[i].first, *values_[i]);
    }
    if (options_.command == Command::kRun && options_.file.empty() && !options_.resume)
      return "`netc run` needs a .net file";
    if (options_.command == Command::kRun && !options_.file.empty() && options_.resume)
      return "`--resume` takes the program from the run's folder: name no file";
    if (options_.resume && options_.out)
      return "`--resume` goes on in the run's own folder: `--out` cannot be given";
    return std::nullopt;
  }

  CLI::App app_;
  Options options_;
  std::vector<std::string> sets_;
  std::array<std::optional<std::string>, 16> values_;
};

}  // namespace

ParsedOptions parse_options(int argc, char** argv) { return Line().parse(argc, argv); }

}  // namespace netc::driver
