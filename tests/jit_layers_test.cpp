// Every layer of the registry, over several shapes: its derived gradients against finite differences of the
// reference, and the passes that make a training step against the graph as derived.

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "compiler/layers/layer.h"
#include "compiler/training/gradient_check.h"
#include "compiler/training/rewrite.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using graph::Builder;
using graph::Extents;
using graph::Graph;
using graph::ValueId;
using training::ReferenceLeaves;

constexpr std::int64_t kBatch = 3;

Shape image(std::int64_t height, std::int64_t width, std::int64_t channels) {
  return {ShapeKind::kImage, {height, width, channels}};
}
Shape sequence(std::int64_t time, std::int64_t features) { return {ShapeKind::kSequence, {time, features}}; }
Shape vector(std::int64_t features) { return {ShapeKind::kVector, {features}}; }

struct Case {
  Shape input;
  std::string text;             // layers
  std::int64_t count = kBatch;  // of samples
};

// By the layer that is meant.
const std::map<std::string, std::vector<Case>>& cases() {
  static const std::map<std::string, std::vector<Case>> all{
      {"conv",
       {{image(5, 4, 1), "conv 2 3x3"},
        {image(5, 4, 3), "conv 4 3x3 pad=same tanh"},
        {image(4, 5, 2), "conv 3 1x1"},
        {image(7, 6, 2), "conv 3 3x2 stride=2 pad=same"},
        {image(7, 5, 2), "conv 2 3x3 stride=2x1 pad=1x2"},
        {image(7, 7, 1), "conv 2 3x3 dilation=2"},
        {image(6, 5, 2), "conv 2 2x3 dilation=1x2 stride=2 pad=2"},
        {image(4, 4, 4), "conv 6 3x3 groups=2 pad=same prelu"},
        {image(5, 5, 3), "conv 6 3x3 groups=3 stride=2"},
        {image(2, 2, 1), "conv 2 5x5 pad=same"},
        {image(4, 4, 2), "conv 2 4x4; conv 3 1x1 softmax"},
        {image(3, 3, 2), "conv 2 1x1 stride=2"},
        {image(3, 3, 2), "conv 4 2x2 no_bias glu; conv 6 1x1 maxout(3)"}}},
      {"conv1d",
       {{sequence(7, 2), "conv1d 3 3"},
        {sequence(8, 2), "conv1d 2 3 stride=2 pad=same sigmoid"},
        {sequence(9, 4), "conv1d 4 2 dilation=3 groups=2 pad=1"}}},
      {"conv_transpose",
       {{image(3, 2, 2), "conv_transpose 3 2x2 stride=2"},
        {image(3, 4, 2), "conv_transpose 2 3x3"},
        {image(3, 3, 1), "conv_transpose 2 3x3 stride=2 pad=1"},
        {image(2, 3, 2), "conv_transpose 2 4x3 stride=2 pad=same"},
        {image(3, 2, 1), "conv_transpose 2 1x1 stride=3x2"}}},
      {"depthwise",
       {{image(4, 5, 3), "depthwise 3x3 pad=same"},
        {image(6, 5, 2), "depthwise 3x2 stride=2 multiplier=2 tanh"},
        {image(6, 6, 1), "depthwise 3x3 dilation=2 pad=1"}}},
      {"separable",
       {{image(4, 5, 3), "separable 4 3x3 pad=same"}, {image(7, 6, 2), "separable 3 3x3 stride=2 tanh"}}},
      {"pool",
       {{image(4, 6, 2), "pool max"},
        {image(5, 7, 2), "pool max 3x2 stride=2 pad=same"},
        {image(5, 5, 1), "pool max 3 stride=1 pad=1"},
        {image(4, 6, 2), "pool avg"},
        {image(5, 6, 2), "pool avg 3x3 stride=2 pad=same"},
        {image(5, 4, 2), "pool avg 3x2 stride=1 pad=1"},
        {sequence(7, 2), "pool max 3 stride=2 pad=1"},
        {sequence(6, 2), "pool avg 2"}}},
      {"global_pool",
       {{image(3, 4, 2), "global_pool avg"},
        {image(3, 4, 2), "global_pool max"},
        {sequence(5, 3), "global_pool avg"}}},
      {"reshape",
       {{vector(12), "reshape 2x3x2"}, {image(2, 3, 2), "reshape 6x2"}, {image(2, 3, 2), "reshape 12"}}},
      {"pad",
       {{image(2, 3, 2), "pad 1"}, {image(2, 3, 1), "pad 0x2; tanh"}, {image(2, 2, 1), "pad 1x0x2x3"}}},
      {"upsample", {{image(2, 3, 2), "upsample 2"}, {image(3, 2, 1), "upsample 1x3"}}},
      {"batchnorm",
       {{image(2, 3, 2), "batchnorm"},
        {image(3, 2, 2), "conv 3 2x2; batchnorm eps=0.01 tanh"},
        {vector(4), "batchnorm momentum=0.5 sigmoid"},
        {sequence(3, 2), "batchnorm", 2}}},
      {"layernorm",
       {{image(2, 2, 3), "layernorm tanh"}, {vector(4), "layernorm"}, {sequence(2, 3), "layernorm"}}},
      {"rmsnorm", {{image(2, 2, 3), "rmsnorm"}, {vector(4), "rmsnorm eps=0.1 tanh"}}},
      {"groupnorm",
       {{image(2, 3, 4), "groupnorm 2 tanh"},
        {image(3, 2, 3), "groupnorm 1"},
        {sequence(2, 4), "groupnorm 4"}}},
      {"residual",
       {{image(3, 4, 2), "residual { conv 2 3x3 pad=same tanh; conv 2 1x1 } sigmoid"},
        {vector(3), "residual { residual { dense 3 tanh }; dense 3 } prelu"},
        {image(2, 3, 2), "tanh; residual { batchnorm }"}}},
      {"branch",
       {{image(3, 4, 2),
         "branch concat { conv 2 1x1 } { conv 3 3x3 pad=same tanh } { pool max 3x3 stride=1 pad=same }"},
        {image(4, 4, 2), "branch add { conv 3 3x3 stride=2 pad=1 } { conv 3 1x1 stride=2 } sigmoid"},
        {vector(4), "branch multiply { dense 3 } { dense 3 sigmoid }"},
        {vector(4), "branch multiply { } { branch concat { dense 2 } { dense 2 tanh } } { sigmoid }"}}},
      {"noise", {{image(2, 3, 2), "noise 0.5; tanh"}}},
      {"spatial_dropout", {{image(2, 3, 4), "spatial_dropout 0.5"}, {sequence(3, 4), "spatial_dropout 0.3"}}},
      {"dense",
       {{vector(5), "dense 3"},
        {image(3, 2, 2), "dense 3 tanh"},
        {vector(4), "dense 6 reglu; dense 4 geglu; swiglu", 3}}},
      {"flatten", {{image(3, 2, 2), "flatten"}}},
      {"dropout", {{image(3, 2, 4), "dropout 0.4"}}},
  };
  return all;
}

// The layers alone, with a leaf `x` in front, and the sum of sin(y) * weights behind.
class LayerGraph {
 public:
  explicit LayerGraph(const Case& test) {
    const DataDescription data{.sample = test.input, .classes = 0, .train = 1000, .test = 100};
    typed_ = type_program(test.text + "; flatten; dense 1", data);
    Extents extents{kBatch};
    extents.insert(extents.end(), test.input.extents.begin(), test.input.extents.end());
    Builder builder(graph_);
    const ValueId step = builder.input("step", {graph::DType::kI32, {}}),
                  count = builder.input("count", {graph::DType::kI32, {}});
    const BuildContext context{builder, step, count, kBatch, true};
    std::vector<Layer>& layers = typed_->network.layers;
    layers.resize(layers.size() - 2);
    const ValueId value = build_layers(context, layers, builder.parameter("x", extents, {}));
    Extents wanted{kBatch};
    const Shape& output = layers.back().output;
    wanted.insert(wanted.end(), output.extents.begin(), output.extents.end());
    EXPECT_EQ(builder.type(value).extents, wanted);
    scalar_ = add_scalar(builder, value);
    expect_counts();
    std::mt19937 random(7);
    leaves_["step"] = {{}, {3}};
    leaves_["count"] = {{}, {static_cast<double>(test.count)}};
    training::fill_leaves(graph_, leaves_, random);
  }

  // The parameters that `netc check` counts are those that there are.
  void expect_counts() const {
    std::int64_t counted = 0, there = 0;
    for (const Layer& layer : typed_->network.layers) counted += parameter_count(layer);
    for (ValueId id : parameters()) there += graph::element_count(graph_.type(id).extents);
    EXPECT_EQ(counted + graph::element_count(graph_.type(parameters()[0]).extents), there);
  }

  std::vector<ValueId> parameters() const {
    std::vector<ValueId> list;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (std::holds_alternative<graph::Parameter>(graph_.nodes[i].op))
        list.push_back(static_cast<ValueId>(i));
    }
    return list;
  }

  void expect_gradients() const { training::expect_gradients(graph_, scalar_, parameters(), leaves_); }

  void expect_passes_keep_gradients() const {
    Graph derived = graph_;
    for (ValueId gradient : training::add_gradients(derived, scalar_, parameters()))
      derived.outputs.push_back({std::to_string(derived.outputs.size()), gradient});
    Graph passed =
        training::drop_dead(training::merge_equal(training::inline_maps(training::gather_results(derived))));
    ASSERT_EQ(graph::verify(passed), "") << graph::print(passed);
    const auto before = training::run_reference(derived, leaves_),
               after = training::run_reference(passed, leaves_);
    for (const auto& [name, wanted] : before.outputs) {
      const auto& got = after.outputs.at(name);
      for (std::size_t i = 0; i < wanted.values.size(); ++i)
        ASSERT_NEAR(got.values[i], wanted.values[i], 1e-12) << graph::print(passed);
    }
  }

 private:
  static ValueId add_scalar(Builder& builder, ValueId value) {
    const Extents extents = builder.type(value).extents;
    graph::ScalarExpr expr;
    expr.root =
        expr.pool.binary(graph::ScalarOp::kMultiply,
                         expr.pool.unary(graph::ScalarOp::kSin, expr.pool.operand(0)), expr.pool.operand(1));
    ValueId product = builder.map(expr, {value, builder.input("weights", {graph::DType::kF32, extents})});
    std::vector<std::uint32_t> axes(extents.size());
    std::iota(axes.begin(), axes.end(), 0u);
    return builder.reduce_axes(graph::ReduceKind::kSum, product, axes);
  }

  std::unique_ptr<TypedProgram> typed_;
  Graph graph_;
  ValueId scalar_{};
  ReferenceLeaves leaves_;
};

TEST(Layers, EveryLayerHasCases) {
  std::set<std::string_view> names;
  for (const LayerDef* def : layer_registry()) {
    names.insert(def->name);
    EXPECT_TRUE(cases().contains(std::string(def->name))) << def->name << " is not tested";
  }
  for (const auto& [name, list] : cases()) EXPECT_TRUE(names.contains(name)) << name << " is no layer";
}

TEST(Layers, GradientsAreSlopes) {
  for (const auto& [name, list] : cases()) {
    for (const Case& test : list) {
      SCOPED_TRACE(test.text + " on " + describe(test.input));
      const LayerGraph layers(test);
      layers.expect_gradients();
      layers.expect_passes_keep_gradients();
    }
  }
}

}  // namespace
}  // namespace netc::testing
