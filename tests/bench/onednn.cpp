#include "tests/bench/onednn.h"

#include <omp.h>

#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>

namespace netc::bench {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc describe(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

// Sizes as oneDNN wants them, where the numbers lie in netc's order, and layouts that are oneDNN's to choose.
struct Tensors {
  memory::dims x_dims, w_dims, y_dims, strides, pad;
  Tag w_order = Tag::hwio;

  explicit Tensors(const ConvolutionShape& s)
      : x_dims{s.batch, s.inputs, s.places, s.places},
        w_dims{s.outputs, s.inputs, s.taps, s.taps},
        y_dims{s.batch, s.outputs, s.windows(), s.windows()},
        strides{s.stride, s.stride},
        pad{s.pad, s.pad} {
    if (s.groups == 1) return;
    w_dims = {s.groups, s.outputs / s.groups, s.inputs / s.groups, s.taps, s.taps};
    w_order = Tag::hwigo;
  }
  memory::desc x(Tag order = Tag::any) const { return describe(x_dims, order); }
  memory::desc w(Tag order = Tag::any) const { return describe(w_dims, order); }
  memory::desc y(Tag order = Tag::any) const { return describe(y_dims, order); }
};

class Convolution : public OneDnn {
 public:
  Convolution(Direction direction, const ConvolutionShape& shape, const Operands& operands, int threads)
      : threads_(threads) {
    omp_set_num_threads(threads);
    const Tensors tensors(shape);
    switch (direction) {
      case Direction::kForward: make_forward(tensors, operands); break;
      case Direction::kBackwardData: make_backward_data(tensors, operands); break;
      case Direction::kBackwardWeights: make_backward_weights(tensors, operands); break;
    }
  }

  void run() override {
    omp_set_num_threads(threads_);
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

  std::vector<float> result() const override {
    std::vector<float> values(plain_result_.get_size() / sizeof(float));
    memory plain(plain_result_, engine_, values.data());
    memory blocked = arguments_.at(result_);
    reorder(blocked, plain);
    return values;
  }

 private:
  static constexpr auto kAlgorithm = dnnl::algorithm::convolution_auto;

  dnnl::convolution_forward::primitive_desc forward(const Tensors& t, dnnl::prop_kind purpose) const {
    return {{purpose, kAlgorithm, t.x(), t.w(), t.y(), t.strides, t.pad, t.pad}, engine_};
  }

  void make_forward(const Tensors& t, const Operands& operands) {
    const auto chosen = forward(t, dnnl::prop_kind::forward_inference);
    add(DNNL_ARG_SRC, chosen.src_desc(), operands.first, t.x(Tag::nhwc));
    add(DNNL_ARG_WEIGHTS, chosen.weights_desc(), operands.second, t.w(t.w_order));
    set_result(DNNL_ARG_DST, chosen.dst_desc(), t.y(Tag::nhwc));
    primitive_ = dnnl::convolution_forward(chosen);
  }

  void make_backward_data(const Tensors& t, const Operands& operands) {
    const dnnl::convolution_backward_data::primitive_desc chosen(
        {kAlgorithm, t.x(), t.w(), t.y(), t.strides, t.pad, t.pad}, engine_,
        forward(t, dnnl::prop_kind::forward_training));
    add(DNNL_ARG_DIFF_DST, chosen.diff_dst_desc(), operands.first, t.y(Tag::nhwc));
    add(DNNL_ARG_WEIGHTS, chosen.weights_desc(), operands.second, t.w(t.w_order));
    set_result(DNNL_ARG_DIFF_SRC, chosen.diff_src_desc(), t.x(Tag::nhwc));
    primitive_ = dnnl::convolution_backward_data(chosen);
  }

  void make_backward_weights(const Tensors& t, const Operands& operands) {
    const dnnl::convolution_backward_weights::primitive_desc chosen(
        {kAlgorithm, t.x(), t.w(), t.y(), t.strides, t.pad, t.pad}, engine_,
        forward(t, dnnl::prop_kind::forward_training));
    add(DNNL_ARG_SRC, chosen.src_desc(), operands.first, t.x(Tag::nhwc));
    add(DNNL_ARG_DIFF_DST, chosen.diff_dst_desc(), operands.second, t.y(Tag::nhwc));
    set_result(DNNL_ARG_DIFF_WEIGHTS, chosen.diff_weights_desc(), t.w(t.w_order));
    primitive_ = dnnl::convolution_backward_weights(chosen);
  }

  void reorder(memory& from, memory& to) const {
    dnnl::stream stream(engine_);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }

  void add(int argument, const memory::desc& blocked, const std::vector<float>& values,
           const memory::desc& plain) {
    memory from(plain, engine_), to(blocked, engine_);
    std::memcpy(from.get_data_handle(), values.data(), values.size() * sizeof(float));
    reorder(from, to);
    arguments_.emplace(argument, to);
  }

  void set_result(int argument, const memory::desc& blocked, const memory::desc& plain) {
    result_ = argument;
    plain_result_ = plain;
    arguments_.emplace(argument, memory(blocked, engine_));
  }

  int threads_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> arguments_;
  int result_ = 0;
  memory::desc plain_result_;
};

}  // namespace

std::unique_ptr<OneDnn> make_onednn(Direction direction, const ConvolutionShape& shape,
                                    const Operands& operands, int threads) {
  return std::make_unique<Convolution>(direction, shape, operands, threads);
}

}  // namespace netc::bench
