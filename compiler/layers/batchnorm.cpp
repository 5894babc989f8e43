#include <numeric>

#include "compiler/layers/normalization.h"
#include "compiler/layers/weights.h"

// batchnorm [eps=1e-5 momentum=0.1]: each channel less its mean, over its standard deviation, times a factor
// plus an offset that are learned (Ioffe and Szegedy 2015). In training mean and variance are those of the
// batch, over all its places; else they are running means of what training saw. As PyTorch's BatchNorm2d.
//   <name>.weight [channels], <name>.bias [channels]
// Frozen it takes the running means in training, too, and they stay.
//   state, kept with the weights: <name>.running_mean, <name>.running_var [channels]; momentum is the share
//   of the new batch

namespace netc {
namespace {

using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

constexpr double kDefaultMomentum = 0.1;

class BatchNorm {
 public:
  BatchNorm(const BuildContext& context, const Layer& layer, ValueId x)
      : context_(context),
        builder_(context.builder),
        layer_(layer),
        x_(x),
        extents_(builder_.type(x).extents),
        last_(graph::axes_map(std::array{static_cast<std::uint32_t>(extents_.size() - 1)})),
        weight_(add_scale(context, layer)),
        bias_(*add_bias(context, layer)),
        running_mean_(builder_.state(layer.name + ".running_mean", {extents_.back()}, 0)),
        running_var_(builder_.state(layer.name + ".running_var", {extents_.back()}, 1)) {}

  ValueId build() {
    if (!context_.training || is_frozen(layer_)) return normalized(running_mean_, running_var_);
    ValueId mean = mean_of(counted([](ScalarPool&, ScalarId x, ScalarId) { return x; }, running_mean_));
    // The deviations from the mean sum to 0, so the variance does not change with the mean: nothing flows
    // back.
    ValueId variance = mean_of(counted(
        [](ScalarPool& pool, ScalarId x, ScalarId mean) {
          ScalarId deviation = pool.binary(ScalarOp::kSubtract, x, pool.unary(ScalarOp::kStopGradient, mean));
          return pool.binary(ScalarOp::kMultiply, deviation, deviation);
        },
        mean));
    update(running_mean_, mean, false);
    update(running_var_, variance, true);
    return normalized(mean, variance);
  }

 private:
  // How many numbers of a channel count; operand `count` is the number of samples.
  ScalarId numbers(ScalarPool& pool, std::uint32_t count) const {
    return pool.binary(ScalarOp::kMultiply, pool.unary(ScalarOp::kConvert, pool.operand(count)),
                       pool.constant(static_cast<double>(layer_.input.places())));
  }

  // A function of x and of a value a channel; 0 for samples past those that the batch has.
  template <typename Function>
  ValueId counted(Function function, ValueId channel) {
    graph::ScalarExpr expr = expression([&](ScalarPool& pool) {
      ScalarId counts = pool.binary(ScalarOp::kLess, pool.unary(ScalarOp::kConvert, pool.operand(2)),
                                    pool.unary(ScalarOp::kConvert, pool.operand(3)));
      return pool.select(counts, function(pool, pool.operand(0), pool.operand(1)), pool.constant(0));
    });
    ValueId number = builder_.iota({extents_[0]}, 0);
    return builder_.map(std::move(expr), extents_, {x_, channel, number, context_.count},
                        {graph::identity_map(extents_.size()), last_, graph::axes_map(std::array{0u}), {}});
  }

  // Over all axes but the channels.
  ValueId mean_of(ValueId value) {
    std::vector<std::uint32_t> axes(extents_.size() - 1);
    std::iota(axes.begin(), axes.end(), 0u);
    graph::ScalarExpr share = expression(
        [&](ScalarPool& pool) { return pool.binary(ScalarOp::kDivide, pool.operand(0), numbers(pool, 1)); });
    ValueId sum = builder_.reduce_axes(graph::ReduceKind::kSum, value, axes);
    return builder_.map(std::move(share), {extents_.back()}, {sum, context_.count},
                        {graph::identity_map(1), {}});
  }

  // running + momentum * (new - running); the variance without its bias: times n / (n - 1).
  void update(ValueId running, ValueId value, bool unbiased) {
    const double momentum = layer_.arguments.number("momentum", kDefaultMomentum);
    graph::ScalarExpr next = expression([&](ScalarPool& pool) {
      ScalarId fresh = pool.operand(1), n = numbers(pool, 2);
      ScalarId rest = pool.binary(ScalarOp::kMax, pool.constant(1),
                                  pool.binary(ScalarOp::kSubtract, n, pool.constant(1)));
      if (unbiased) fresh = pool.binary(ScalarOp::kMultiply, fresh, pool.binary(ScalarOp::kDivide, n, rest));
      ScalarId change = pool.binary(ScalarOp::kSubtract, fresh, pool.operand(0));
      return pool.binary(ScalarOp::kAdd, pool.operand(0),
                         pool.binary(ScalarOp::kMultiply, pool.constant(momentum), change));
    });
    ValueId updated = builder_.map(std::move(next), {extents_.back()}, {running, value, context_.count},
                                   {graph::identity_map(1), graph::identity_map(1), {}});
    builder_.graph().updates.push_back({running, updated});
  }

  // x * scale + (bias - mean * scale), with scale = weight / sqrt(variance + eps): one multiply-add for each
  // number.
  ValueId normalized(ValueId mean, ValueId variance) {
    const double eps = layer_.arguments.number("eps", kDefaultEps);
    ValueId scale =
        builder_.binary(ScalarOp::kMultiply, weight_, builder_.map(inverse_root(1, eps), {variance}));
    ValueId shift =
        builder_.binary(ScalarOp::kSubtract, bias_, builder_.binary(ScalarOp::kMultiply, mean, scale));
    graph::ScalarExpr affine = expression([](ScalarPool& pool) {
      return pool.binary(ScalarOp::kAdd, pool.binary(ScalarOp::kMultiply, pool.operand(0), pool.operand(1)),
                         pool.operand(2));
    });
    return builder_.map(std::move(affine), extents_, {x_, scale, shift},
                        {graph::identity_map(extents_.size()), last_, last_});
  }

  const BuildContext& context_;
  graph::Builder& builder_;
  const Layer& layer_;
  ValueId x_;
  graph::Extents extents_;  // [batch, places..., channels]
  graph::IndexMap last_;
  ValueId weight_, bias_, running_mean_, running_var_;
};

}  // namespace

extern const LayerDef batchnorm_layer;
const LayerDef batchnorm_layer{
    .name = "batchnorm",
    .parameters = {eps_parameter(),
                   {.name = "momentum", .kind = ValueKind::kNumber, .minimum = 0, .maximum = 1, .words = {}},
                   freeze_parameter()},
    .shape = [](const ShapeContext& context) { return std::optional(context.input); },
    .build = [](const BuildContext& context, const Layer& layer,
                graph::ValueId input) { return BatchNorm(context, layer, input).build(); },
    .parameters_count = [](const Layer& layer) { return 2 * layer.output.channels(); },
    .flops = [](const Layer& layer) { return saturating_multiply(2, layer.output.elements()); },
};

}  // namespace netc
