// Every layer of the registry in a tiny network, with settings drawn at random: the whole training step as
// compiled code against the reference, with the same bits for every number of threads and processor.
//
// NETC_TRIALS says how many settings a layer is tried with.

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "compiler/layers/layer.h"
#include "compiler/training/step.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using graph::Graph;
using training::ReferenceLeaves;

unsigned trials() {
  const char* wanted = std::getenv("NETC_TRIALS");
  return wanted ? static_cast<unsigned>(std::atoi(wanted)) : 12;
}

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  // Both ends included.
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool once_in(std::int64_t n) { return pick(1, n) == 1; }
  // Few are as usual as many.
  std::int64_t channels(std::int64_t most = 40) {
    return std::llround(std::exp2(real(0, std::log2(static_cast<double>(most)))));
  }
  template <typename T>
  T one_of(const std::vector<T>& all) {
    return all[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(all.size()) - 1))];
  }
  // A float.
  double real(double low, double high) {
    return static_cast<float>(std::uniform_real_distribution<double>(low, high)(random_));
  }
  std::int64_t divisor(std::int64_t number) {
    std::vector<std::int64_t> all;
    for (std::int64_t d = 1; d <= number; ++d) {
      if (number % d == 0) all.push_back(d);
    }
    return one_of(all);
  }

 private:
  std::mt19937 random_;
};

std::string join(const std::vector<std::int64_t>& numbers) {
  return fmt::format("{}", fmt::join(numbers, "x"));
}

// An activation behind a layer with so many channels.
std::string activation(Draw& draw, std::int64_t channels) {
  std::vector<std::string> all{"", " tanh", " relu", " prelu", " swish", " sigmoid", " softmax", " snake"};
  if (channels % 2 == 0) {
    for (const char* gated : {" glu", " reglu", " geglu", " swiglu", " maxout(2)"}) all.emplace_back(gated);
  }
  if (channels % 3 == 0) all.emplace_back(" maxout(3)");
  return draw.one_of(all);
}

// size, stride, dilation and pad that fit.
struct WindowSettings {
  bool dilates = false, pads_within = false;  // pad is less than the size
  std::int64_t most = 5;
};

std::string window(Draw& draw, const Shape& input, const WindowSettings& settings) {
  const std::size_t directions = input.extents.size() - 1;
  const bool same = draw.once_in(3), padded = !same && draw.once_in(2);
  std::vector<std::int64_t> size, stride, dilation, pad;
  for (std::size_t i = 0; i < directions; ++i) {
    dilation.push_back(settings.dilates && draw.once_in(3) ? draw.pick(1, 3) : 1);
    pad.push_back(padded ? draw.pick(0, 2) : 0);
    const std::int64_t room = (input.extents[i] + 2 * pad[i] - 1) / dilation[i] + 1;
    size.push_back(draw.pick(1, same ? settings.most : std::min(settings.most, room)));
    if (settings.pads_within) pad[i] = std::min(pad[i], size[i] - 1);
    // What fits with more padding may not fit with less.
    if (!same) size[i] = std::min(size[i], (input.extents[i] + 2 * pad[i] - 1) / dilation[i] + 1);
    if (settings.pads_within) pad[i] = std::min(pad[i], size[i] - 1);
    stride.push_back(draw.pick(1, 3));
  }
  std::string text = " " + join(size);
  if (draw.once_in(2)) text += " stride=" + join(stride);
  if (settings.dilates) text += " dilation=" + join(dilation);
  return text + (same ? " pad=same" : padded ? " pad=" + join(pad) : "");
}

std::string convolution(Draw& draw, const std::string& name, const Shape& input) {
  const std::int64_t groups = draw.once_in(3) ? draw.divisor(input.channels()) : 1;
  const std::int64_t filters = groups * draw.channels(std::max<std::int64_t>(1, 40 / groups));
  return fmt::format("{} {}{} groups={}{}{}", name, filters, window(draw, input, {.dilates = true}), groups,
                     draw.once_in(4) ? " no_bias" : "", activation(draw, filters));
}

std::string transposed(Draw& draw, const Shape& input) {
  std::vector<std::int64_t> size, stride, pad;
  for (std::size_t i = 0; i < 2; ++i) {
    size.push_back(draw.pick(1, 5));
    stride.push_back(draw.pick(1, 3));
    const std::int64_t whole = (input.extents[i] - 1) * stride[i] + size[i];
    pad.push_back(draw.pick(0, std::min<std::int64_t>(2, (whole - 1) / 2)));
  }
  const std::int64_t filters = draw.channels();
  return fmt::format("conv_transpose {} {} stride={} pad={}{}", filters, join(size), join(stride),
                     draw.once_in(3) ? "same" : join(pad), activation(draw, filters));
}

std::string reshape(Draw& draw, const Shape& input) {
  std::int64_t rest = input.elements();
  std::vector<std::int64_t> extents;
  for (std::int64_t axes = draw.pick(1, 3); axes > 1; --axes) {
    extents.push_back(draw.divisor(rest));
    rest /= extents.back();
  }
  extents.push_back(rest);
  return "reshape " + join(extents);
}

std::string padding(Draw& draw) {
  std::vector<std::int64_t> sides;
  for (std::int64_t count = draw.one_of<std::int64_t>({1, 2, 4}); count > 0; --count)
    sides.push_back(draw.pick(0, 2));
  return "pad " + join(sides);
}

std::string residual(Draw& draw, const Shape& input) {
  const std::string inside =
      draw.one_of<std::string>({"batchnorm eps=0.01", "layernorm eps=0.01 tanh", "rmsnorm eps=0.01", "tanh"});
  if (input.kind == ShapeKind::kVector)
    return fmt::format("residual {{ {}; dense {} }} tanh", inside, input.channels());
  const bool image = input.kind == ShapeKind::kImage;
  return fmt::format("residual {{ {}; {} {} 3 pad=same }} tanh", inside, image ? "conv" : "conv1d",
                     input.channels());
}

std::string branch(Draw& draw, const Shape& input) {
  const std::string kind = draw.one_of<std::string>({"concat", "add", "multiply"});
  const std::int64_t same = draw.channels();
  auto channels = [&] { return kind == "concat" ? draw.channels() : same; };
  std::string text = "branch " + kind;
  for (std::int64_t blocks = draw.pick(2, 4); blocks > 0; --blocks) {
    if (input.kind == ShapeKind::kVector) {
      text += fmt::format(" {{ dense {} tanh }}", channels());
    } else if (input.kind == ShapeKind::kSequence) {
      text += fmt::format(" {{ conv1d {} {} pad=same tanh }}", channels(), draw.pick(1, 3));
    } else if (kind == "concat" && draw.once_in(4)) {
      text += " { pool max 3x3 stride=1 pad=same }";
    } else {
      text += fmt::format(" {{ conv {} {} pad=same tanh }}", channels(), draw.pick(1, 3));
    }
  }
  return text;
}

// A layer's text, with settings that fit the input.
struct Maker {
  std::vector<ShapeKind> kinds;  // of input
  std::function<std::string(Draw&, const Shape&)> make;
};

const std::map<std::string, Maker>& makers() {
  constexpr auto kVector = ShapeKind::kVector, kSequence = ShapeKind::kSequence, kImage = ShapeKind::kImage;
  auto plain = [](std::string text) { return [text](Draw&, const Shape&) { return text; }; };
  static const std::map<std::string, Maker> all{
      {"batchnorm", {{kVector, kSequence, kImage}, plain("batchnorm eps=0.01 tanh")}},
      {"branch", {{kVector, kSequence, kImage}, branch}},
      {"conv", {{kImage}, [](Draw& d, const Shape& in) { return convolution(d, "conv", in); }}},
      {"conv1d", {{kSequence}, [](Draw& d, const Shape& in) { return convolution(d, "conv1d", in); }}},
      {"conv_transpose", {{kImage}, transposed}},
      {"dense",
       {{kVector, kImage},
        [](Draw& d, const Shape&) {
          const std::int64_t units = d.channels();
          return fmt::format("dense {}{}", units, activation(d, units));
        }}},
      {"depthwise",
       {{kImage},
        [](Draw& d, const Shape& in) {
          const std::int64_t multiplier = d.pick(1, 3);
          return fmt::format("depthwise{} multiplier={}{}", window(d, in, {.dilates = true}), multiplier,
                             activation(d, in.channels() * multiplier));
        }}},
      {"dropout", {{kVector, kSequence, kImage}, plain("dropout 30%")}},
      {"flatten", {{kSequence, kImage}, plain("flatten")}},
      {"global_pool",
       {{kSequence, kImage},
        [](Draw& d, const Shape&) { return d.once_in(2) ? "global_pool avg" : "global_pool max"; }}},
      {"groupnorm",
       {{kSequence, kImage},
        [](Draw& d, const Shape& in) {
          return fmt::format("groupnorm {} eps=0.01 tanh", d.divisor(in.channels()));
        }}},
      {"layernorm", {{kVector, kSequence, kImage}, plain("layernorm eps=0.01")}},
      {"noise", {{kVector, kSequence, kImage}, plain("noise 0.3")}},
      {"pad", {{kImage}, [](Draw& d, const Shape&) { return padding(d); }}},
      {"pool",
       {{kSequence, kImage},
        [](Draw& d, const Shape& in) {
          return (d.once_in(2) ? "pool max" : "pool avg") + window(d, in, {.pads_within = true});
        }}},
      {"reshape", {{kVector, kSequence, kImage}, reshape}},
      {"residual", {{kVector, kSequence, kImage}, residual}},
      {"rmsnorm", {{kVector, kSequence, kImage}, plain("rmsnorm eps=0.01 sigmoid")}},
      {"separable",
       {{kImage},
        [](Draw& d, const Shape& in) {
          const std::int64_t filters = d.channels();
          return fmt::format("separable {}{}{}", filters, window(d, in, {}), activation(d, filters));
        }}},
      {"spatial_dropout", {{kSequence, kImage}, plain("spatial_dropout 0.4")}},
      {"upsample",
       {{kImage},
        [](Draw& d, const Shape&) { return fmt::format("upsample {}x{}", d.pick(1, 3), d.pick(1, 3)); }}},
  };
  return all;
}

// A network of the layer, with or without one before it, and with something to learn behind it.
class RandomNetwork {
 public:
  RandomNetwork(const std::string& layer, unsigned seed) : draw_(seed * 7919) {
    constexpr std::int64_t kMostFlops = 300'000;
    do write(makers().at(layer));
    while (flops() * batch_ > kMostFlops);
  }

  const Network& network() const { return typed_->network; }
  std::string text() const { return fmt::format("{} on {}", text_, describe(data_.sample)); }

  // Inputs and leaves for a step of `graph`.
  ReferenceLeaves leaves(const Graph& graph) {
    ReferenceLeaves leaves;
    for (const graph::Node& node : graph.nodes) {
      if (!node.name.empty()) leaves[node.name] = make_tensor(node.type.extents, [&] { return value(node); });
    }
    // Short batches are as usual as whole ones here.
    leaves["count"].values[0] = static_cast<double>(draw_.once_in(2) ? batch_ : draw_.pick(1, batch_));
    leaves["step"].values[0] = static_cast<double>(draw_.pick(1, 60));
    leaves["epoch"].values[0] = static_cast<double>(draw_.pick(0, 5));
    leaves["total_steps"].values[0] = 100;
    return leaves;
  }

 private:
  static constexpr std::int64_t kClasses = 3;

  void write(const Maker& maker) {
    data_.sample = sample(draw_.one_of(maker.kinds));
    data_.classes = kClasses;
    batch_ = draw_.pick(1, 5);
    text_ = draw_.once_in(3) ? "" : before() + "; ";
    const Shape input = text_.empty() ? data_.sample : output_of(text_);
    text_ += maker.make(draw_, input) + "; ";
    text_ += behind(output_of(text_).kind);
    text_ += fmt::format("\ntrain {{ optimizer {}; batch {}{} }}\n", optimizer(), batch_,
                         draw_.once_in(4) ? "; clip norm=0.5" : "");
    if (draw_.once_in(4)) text_ += "data mnist normalize=standard\n";
    typed_ = type_program(text_, data_);
  }

  Shape sample(ShapeKind kind) {
    if (kind == ShapeKind::kVector) return {kind, {draw_.channels()}};
    if (kind == ShapeKind::kSequence) return {kind, {draw_.pick(1, 12), draw_.channels()}};
    return {kind, {draw_.pick(1, 9), draw_.pick(1, 9), draw_.channels()}};
  }

  // The layer's input has a gradient then.
  std::string before() {
    const ShapeKind kind = data_.sample.kind;
    if (kind == ShapeKind::kVector) return fmt::format("dense {} tanh", draw_.channels());
    return fmt::format("{} {} 1 tanh", kind == ShapeKind::kImage ? "conv" : "conv1d", draw_.channels());
  }

  std::string behind(ShapeKind kind) {
    std::vector<std::string> all{"flatten; ", "tanh; flatten; "};
    if (kind != ShapeKind::kVector) all.emplace_back("global_pool avg; ");
    return draw_.one_of(all) + fmt::format("dense {} softmax", kClasses);
  }

  std::string optimizer() {
    return draw_.one_of<std::string>({"sgd lr=0.1", "sgd lr=0.05 momentum=0.9", "adam lr=0.01"});
  }

  // Of layers, each of which ends with a semicolon.
  Shape output_of(const std::string& layers) const {
    return type_program(layers + fmt::format("flatten; dense {} softmax", kClasses), data_)
        ->network.layers.end()[-3]
        .output;
  }

  std::int64_t flops() const {
    std::int64_t sum = 0;
    for (const Layer& layer : network().layers) sum += layer.def->flops(layer) + layer.output.elements();
    return sum;
  }

  double value(const graph::Node& node) {
    if (node.name == "samples") return static_cast<double>(draw_.once_in(3) ? 0 : draw_.pick(0, 255));
    if (node.name == "labels") return static_cast<double>(draw_.pick(0, kClasses - 1));
    if (const auto* parameter = std::get_if<graph::Parameter>(&node.op)) {
      const graph::Initializer& initial = parameter->initializer;
      return initial.kind == graph::Initializer::Kind::kConstant ? initial.value + draw_.real(-0.3, 0.3)
                                                                 : draw_.real(-initial.value, initial.value);
    }
    return draw_.real(0.002, 0.02);
  }

  Draw draw_;
  std::string text_;
  DataDescription data_{.sample = {}, .classes = 0, .train = 1000, .test = 100};
  std::int64_t batch_ = 1;
  std::unique_ptr<TypedProgram> typed_;
};

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value * value;
  return std::sqrt(sum);
}

// The next value, and its change, which the value itself could hide.
void expect_next(const std::vector<float>& got, const std::vector<double>& wanted,
                 const std::vector<double>& before) {
  EXPECT_LE(norm_error(got, wanted), 1e-4);
  std::vector<double> change = wanted, difference = wanted;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    change[i] -= before[i];
    difference[i] -= got[i];
  }
  EXPECT_LE(norm(difference), 1e-3 * norm(change) + 1e-6 * norm(before)) << "the change is " << norm(change);
}

void expect_reference(const Graph& graph, const ReferenceLeaves& leaves, const RunResult& run,
                      std::uint64_t seed) {
  const training::ReferenceRun reference = training::run_reference(graph, leaves, seed);
  EXPECT_TRUE(run.updated);
  for (const auto& [name, wanted] : reference.outputs)
    EXPECT_LE(norm_error(run.outputs.at(name), wanted.values), 1e-4) << name;
  for (const auto& [name, next] : reference.next) {
    SCOPED_TRACE(name);
    expect_next(run.leaves.at(name), next.values, leaves.at(name).values);
  }
}

class Images : public ::testing::TestWithParam<std::string> {};

TEST_P(Images, AreTheReferencesAndTheSameOnEveryNumberOfThreads) {
  const bool has_avx2 = codegen::runs_here(*codegen::find_target("x86-64-v3"));
  for (unsigned seed = 1; seed <= trials(); ++seed) {
    RandomNetwork random(GetParam(), seed);
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, random.text()));
    // One of four makes predictions.
    const Graph graph = seed % 4 == 1
                            ? training::build_inference(random.network(), random.network().train.batch)
                            : training::build_training_step(random.network());
    const ReferenceLeaves leaves = random.leaves(graph);
    // A small cache makes small sums go in parts, too.
    const std::int64_t cache = seed % 3 == 0 ? 2048 : 0;
    const CompiledGraph compiled(graph, {1, "", seed, {}, cache});
    const RunResult one = compiled.run(leaves);
    expect_reference(graph, leaves, one, seed);
    for (int threads : {2, 3}) EXPECT_TRUE(same_bits(one, compiled.run(leaves, threads))) << threads;
    if (has_avx2 && seed % 4 == 2) {
      EXPECT_TRUE(same_bits(one, run_compiled(graph, leaves, {2, "x86-64-v3", seed})));
    }
    if (HasFailure()) return;
  }
}

std::vector<std::string> layer_names() {
  std::vector<std::string> names;
  for (const LayerDef* def : layer_registry()) names.emplace_back(def->name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Layers, Images, ::testing::ValuesIn(layer_names()),
                         [](const auto& info) { return info.param; });

TEST(ImageLayers, EveryLayerHasSettings) {
  for (const std::string& name : layer_names())
    EXPECT_TRUE(makers().contains(name)) << name << " is not tested";
  EXPECT_EQ(makers().size(), layer_registry().size());
}

}  // namespace
}  // namespace netc::testing
