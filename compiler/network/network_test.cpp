#include "compiler/network/network.h"

#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/syntax/parse.h"
#include "tests/golden/golden.h"

namespace netc {
namespace {

DataDescription mnist() {
  return {.sample = {ShapeKind::kImage, {28, 28, 1}}, .classes = 10, .train = 60000, .test = 10000};
}
DataDescription regression() {
  return {.sample = {ShapeKind::kVector, {8}}, .classes = 0, .train = 1000, .test = 100};
}
DataDescription two_classes() {
  return {.sample = {ShapeKind::kVector, {2}}, .classes = 2, .train = 1000, .test = 100};
}
DataDescription sequences() {
  return {.sample = {ShapeKind::kSequence, {28, 28}}, .classes = 10, .train = 1000, .test = 100};
}

// One program on its way to a network. A golden's first line may choose what the data says (`# data:
// regression`), and further first lines give flags (`# --set width=64`).
class Attempt {
 public:
  Attempt(const std::string& name, const std::string& text) : program_source_(sources.add(name, text)) {
    prelude_ = load_prelude(sources);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line) && line.starts_with("# ");) read_line(line.substr(2));
  }

  void add_flag(const std::string& name, const std::string& value) {
    const std::size_t equals = value.find('=');
    if (name == "set")
      overrides_.lets.push_back(
          {value.substr(0, equals), sources.add("--set " + value, value.substr(equals + 1))});
    else if (name == "data") overrides_.data = Override{"data", sources.add("--data " + value, value)};
    else
      overrides_.train.push_back({name, sources.add("--" + name + " " + value,
                                                    begins_with_name(name) ? name + " " + value : value)});
  }

  std::optional<Network> build() {
    program_ = parse_program(sources, program_source_, diagnostics);
    if (!program_) return std::nullopt;
    std::optional<DataSpec> data = read_data_spec(*program_, sources, overrides_, diagnostics);
    if (!data) return std::nullopt;
    return build_network(*program_, sources, prelude_, *data, description, overrides_, diagnostics);
  }

  Sources sources;
  Diagnostics diagnostics;
  std::optional<DataDescription> description = mnist();

 private:
  void read_line(const std::string& line) {
    if (line == "data: regression") description = regression();
    if (line == "data: two classes") description = two_classes();
    if (line == "data: sequences") description = sequences();
    if (line == "data: unknown") description.reset();
    if (line == "data: no test part") description->test = 0;
    if (line == "data: holds out") {
      description->test = 0;
      description->holds_out = true;
    }
    const std::size_t blank = line.find(' ');
    if (line.starts_with("--")) add_flag(line.substr(2, blank - 2), line.substr(blank + 1));
  }

  SourceId program_source_;
  Definitions prelude_;
  Overrides overrides_;
  std::optional<ast::Program> program_;
};

TEST(Network, Goldens) {
  for (const golden::Program& program : golden::programs("network")) {
    SCOPED_TRACE(program.name);
    Attempt run(program.name, program.text);
    std::optional<Network> network = run.build();
    ASSERT_TRUE(network.has_value()) << render_all(run.sources, run.diagnostics);
    EXPECT_TRUE(run.diagnostics.empty());
    golden::expect(program, print(*network, run.sources) + "\n" + summary(*network, run.sources, 9'100'000));
  }
}

TEST(Network, Diagnostics) {
  for (const golden::Program& program : golden::programs("diagnostics", "network_")) {
    SCOPED_TRACE(program.name);
    Attempt run(program.name, program.text);
    EXPECT_FALSE(run.build().has_value());
    EXPECT_TRUE(run.diagnostics.has_errors());
    golden::expect(program, golden::diagnostics_text(run.sources, run.diagnostics));
  }
}

Network build(const std::string& text) {
  Attempt run("test.net", text);
  std::optional<Network> network = run.build();
  EXPECT_TRUE(network.has_value()) << render_all(run.sources, run.diagnostics);
  return network.value_or(Network{});
}

TEST(Network, OneLiner) {
  Network network = build("dense 128 relu; dense 10 softmax");
  EXPECT_EQ(network.name, "test");
  EXPECT_EQ(network.data.kind, "mnist");
  ASSERT_EQ(network.layers.size(), 2u);
  EXPECT_EQ(network.layers[0].name, "dense_1");
  EXPECT_EQ(network.layers[1].name, "dense_2");
  EXPECT_EQ(network.layers[1].inputs, std::vector<std::size_t>{0});
  EXPECT_EQ(parameter_count(network.layers[0]) + parameter_count(network.layers[1]), 101770);
  EXPECT_EQ(network.loss.name, "cross_entropy");
  EXPECT_EQ(network.loss.kind, LossKind::kDistribution);
  EXPECT_TRUE(network.loss.one_hot);
  EXPECT_EQ(network.train.epochs, 5);
  EXPECT_EQ(network.train.batch, 32);
  EXPECT_EQ(network.train.optimizer.states.size(), 2u);
}

TEST(Network, OwnActivationIsTheBuiltInOne) {
  Network own = build("activation my_swish(x) = x * sigmoid(x); dense 8 my_swish; dense 10 softmax");
  Network built_in = build("dense 8 swish; dense 10 softmax");
  const auto& a = own.layers[0].activation->function.expr;
  const auto& b = built_in.layers[0].activation->function.expr;
  EXPECT_EQ(graph::print(a), graph::print(b));
  EXPECT_EQ(gain(*own.layers[0].activation), gain(*built_in.layers[0].activation));
}

TEST(Network, MomentumZeroKeepsNoState) {
  EXPECT_TRUE(build("dense 10 softmax; train { optimizer sgd }").train.optimizer.states.empty());
  EXPECT_EQ(build("dense 10 softmax; train { optimizer sgd momentum=0.9 }").train.optimizer.states.size(),
            1u);
  EXPECT_EQ(build("dense 10 softmax; train { optimizer rmsprop }").train.optimizer.states.size(), 1u);
  EXPECT_EQ(build("dense 10 softmax; train { optimizer rmsprop centered momentum=0.5 }")
                .train.optimizer.states.size(),
            3u);
}

TEST(Network, DecaySparesBiases) {
  Network network = build("dense 10 softmax; train { optimizer adamw decay=0.5 }");
  EXPECT_NE(graph::print(network.train.optimizer.next_w),
            graph::print(network.train.optimizer_no_decay.next_w));
}

TEST(Network, HostileProgramsEndInTime) {
  std::string calls = "activation f0(x) = x + x\n";
  for (int i = 1; i < 60; ++i) calls += fmt::format("activation f{}(x) = f{}(f{}(x))\n", i, i - 1, i - 1);
  for (const std::string& text :
       {std::string("repeat 10000 { repeat 10000 { repeat 10000 { } } }\ndense 10 softmax"),
        std::string("repeat 1000000000000 { dense 10 }"), calls + "dense 10 f59"}) {
    Attempt run("hostile.net", text);
    EXPECT_FALSE(run.build().has_value());
  }
}

}  // namespace
}  // namespace netc
