#pragma once
// The typed network: names are looked up, arguments checked, shapes known. All of a person's mistakes in a
// program end here.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph/scalar.h"
#include "compiler/layers/layer.h"
#include "compiler/prelude/prelude.h"
#include "runtime/data_settings.h"
#include "runtime/metrics.h"
#include "runtime/plateau.h"

namespace netc {

// `validation=10%`, `limit=1000`
struct Amount {
  bool share = false;
  double value = 0;
  Span span{};
};
// How many samples that means, of `all`; more than these where it says so.
std::int64_t samples_of(const Amount& amount, std::int64_t all);

// Where a text of the `data` statement stands, the first time.
using Places = std::map<std::string, Span, std::less<>>;

struct DataSpec {
  std::string kind = "mnist";      // a data source's name
  std::vector<std::string> files;  // or folders, as written; relative to `directory`
  std::string directory;           // of the .net file, or the working directory for --data
  runtime::ImageSettings images;   // `size=32x32 grey`
  runtime::Augmentation augmentation;
  std::optional<runtime::Normalization> normalize;
  Span augment_span;             // empty where there is none
  runtime::TableSettings table;  // `target="quality" drop("id")`
  runtime::MadeNumbers made;     // `n=1000 noise=0.1`
  std::optional<Amount> validation, test, limit;
  Places file_places, column_places;  // as written
  std::int64_t folds = 0;             // `cv=5`: of a cross-validation; 0: none
  Span folds_span;
  Span span;  // empty when data is not mentioned
};

// What a data source says of itself without being loaded. Filled by the driver through runtime/, or by tests.
struct DataDescription {
  Shape sample;              // 28x28x1
  std::int64_t classes = 0;  // 0: the target is a real number
  std::int64_t train = 0, test = 0;
  bool holds_out = false;    // `test=` takes samples from the training part
  bool bytes = true;         // a sample's values are bytes, else floats
  std::int64_t targets = 1;  // real numbers to predict, where there are no classes
};

// How many samples `test=` takes from the training part: 0 where the data has a part for the test.
std::int64_t held_out(const DataSpec& data, const DataDescription& description);

enum class LossKind {
  kElementwise,   // `function` of (y, t), averaged over a sample's outputs
  kDistribution,  // `function` of (y, t), summed over a sample's outputs (cross_entropy: t is one-hot)
};

struct LossSpec {
  std::string name;
  LossKind kind = LossKind::kElementwise;
  graph::ScalarFunction function;  // operand 0: y, operand 1: t
  bool one_hot =
      false;  // the target is the label's one-hot vector; else the label (or the real target) itself
  Span span;
};

// What is added to the loss for each weight w: l1 |w| + l2 w^2.
struct Penalty {
  double l1 = 0, l2 = 0;
};

// `class_weight balanced` or `class_weight 1 5`: what the loss of a sample counts, by its label.
struct ClassWeight {
  std::vector<double> weights;  // empty: balanced, samples / (classes * samples of the class)
  Span span;
};
// The state that holds them, [classes].
constexpr const char* kClassWeightState = "class-weight";

struct TrainSettings {
  std::int64_t epochs = 5;
  std::int64_t batch = 32;
  std::int64_t shards = 1;  // parts of a batch, whose gradients are added up
  std::uint64_t seed = 0;
  OptimizerRule optimizer;           // for weights
  OptimizerRule optimizer_no_decay;  // for biases: `decay` is 0
  std::string optimizer_text;        // `adam lr=0.001`
  std::optional<double> clip_norm;   // `clip norm=1`: the gradients of all parameters together
  std::optional<double> clip_value;  // `clip value=1`: each number by itself
  Penalty penalty;                   // of weights whose layer does not say its own
  std::optional<double> average;     // `ema 0.999`: predictions are made with running means of the weights
  std::optional<ClassWeight> class_weight;
  std::optional<runtime::EarlyStopSettings> early_stop;
  std::optional<runtime::ReduceRateSettings> reduce_rate;
  std::vector<runtime::ChosenMetric> metrics;

  std::int64_t samples_a_step() const { return batch / shards; }
};
// The state of a parameter that is its running mean. No optimizer's state can be called so.
constexpr const char* kAverageState = "moving-average";

struct Network {
  std::string name;  // `model "..."`, else the file's stem
  DataSpec data;
  DataDescription description;
  Shape input;
  std::vector<Layer> layers;
  LossSpec loss;
  TrainSettings train;
};

// `--set NAME=VALUE` and the flags for settings. Each VALUE is a source of its own, so that errors point into
// it.
struct Override {
  std::string name;
  SourceId source{};
};

// Settings of `train` that are more than one value: the text of their override begins with their own name.
bool begins_with_name(std::string_view setting);

struct Overrides {
  std::vector<Override> lets;    // --set
  std::vector<Override> train;   // --epochs, --batch, --seed, --lr: by the setting's name
  std::optional<Override> data;  // --data SPEC: what would stand behind `data`
};

// The data statement alone, before anything else: where the driver finds a description. Empty after an error.
std::optional<DataSpec> read_data_spec(const ast::Program& program, const Sources& sources,
                                       const Overrides& overrides, Diagnostics& diagnostics);

// AST -> Network. Reports as many errors as it can find; empty exactly when it reported one. `description` is
// empty where the source could not be described: then the program has to say `input`.
std::optional<Network> build_network(const ast::Program& program, const Sources& sources,
                                     const Definitions& prelude, DataSpec data,
                                     const std::optional<DataDescription>& description,
                                     const Overrides& overrides, Diagnostics& diagnostics);

// Whether what the last layer makes are probabilities of classes.
bool makes_probabilities(const Layer& last);

// A layer's trained parameters, those of its activation included.
std::int64_t parameter_count(const Layer& layer);

// `netc emit --stage=network`
std::string print(const Network& network, const Sources& sources);

// The table of `netc check`: line, layer, output shape, parameters, FLOPs; `arena_bytes` is what a step
// needs, 0 if not known.
std::string summary(const Network& network, const Sources& sources, std::int64_t arena_bytes);

}  // namespace netc
