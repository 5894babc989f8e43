// A multi-layer perceptron in plain C++ on OpenBLAS, as one writes it by hand: what netc is compared with.
//   bench_openblas train|predict 784-128-10 BATCH THREADS [DATA-FOLDER]
// Each layer's outputs are shared out over the threads by columns; OpenBLAS itself runs on one thread a call.
// Adam, relu between the layers, softmax and cross-entropy at the end. Without a folder the data is random.

#include <cblas.h>
#include <xmmintrin.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include "compiler/driver/process.h"
#include "runtime/clock.h"
#include "runtime/dataset.h"
#include "tests/bench/bench_json.h"

namespace {

constexpr double kSeconds = 1;  // of steps to time
constexpr float kRate = 0.001F, kBeta1 = 0.9F, kBeta2 = 0.999F, kEpsilon = 1e-8F;

struct Parameter {
  std::vector<float> value, gradient, m, v;
  explicit Parameter(std::size_t size) : value(size), gradient(size), m(size), v(size) {}
};

struct Layer {
  int inputs, outputs;
  Parameter weight, bias;       // [inputs, outputs], [outputs]
  std::vector<float> y, delta;  // [batch, outputs]
  Layer(int in, int out, int batch)
      : inputs(in),
        outputs(out),
        weight(std::size_t(in) * out),
        bias(out),
        y(std::size_t(batch) * out),
        delta(std::size_t(batch) * out) {
    std::mt19937 random(1);
    const float limit = std::sqrt(6.0F / static_cast<float>(in));
    for (float& w : weight.value) w = std::uniform_real_distribution<float>(-limit, limit)(random);
  }
};

class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}
  void wait() {
    const unsigned round = round_.load();
    if (arrived_.fetch_add(1) + 1 == threads_) {
      arrived_ = 0;
      round_ = round + 1;
      return;
    }
    for (int spins = 0; round_.load() == round; ++spins)
      spins < 4000 ? _mm_pause() : std::this_thread::yield();
  }

 private:
  const int threads_;
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> round_{0};
};

class Network {
 public:
  Network(const std::vector<int>& widths, int batch, int threads)
      : batch_(batch),
        threads_(threads),
        barrier_(threads),
        x_(std::size_t(batch) * widths[0]),
        targets_(batch) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) layers_.emplace_back(widths[i], widths[i + 1], batch);
  }

  // One training step, or one prediction, by every thread together.
  void step(int thread, const std::uint8_t* samples, const std::int32_t* labels, const int* rows,
            bool train) {
    gather(thread, samples, labels, rows);
    const float* x = x_.data();
    for (Layer& layer : layers_) {
      barrier_.wait();
      forward(thread, layer, x);
      x = layer.y.data();
    }
    barrier_.wait();
    softmax(thread, layers_.back());
    barrier_.wait();
    if (!train) return;
    ++count_[thread];
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const float* input = i > 0 ? layers_[i - 1].y.data() : x_.data();
      if (i > 0) backward_data(thread, layers_[i], layers_[i - 1]);
      backward_weights(thread, layers_[i], input);
      barrier_.wait();  // both have read the weights
      update(thread, layers_[i]);
    }
    barrier_.wait();
  }

 private:
  // This thread's part of `all`.
  std::pair<int, int> part(int thread, int all) const {
    return {thread * all / threads_, (thread + 1) * all / threads_};
  }

  void gather(int thread, const std::uint8_t* samples, const std::int32_t* labels, const int* rows) {
    const int inputs = layers_[0].inputs;
    const auto [first, last] = part(thread, batch_);
    for (int b = first; b < last; ++b) {
      const std::uint8_t* sample = samples + std::size_t(rows[b]) * inputs;
      float* x = x_.data() + std::size_t(b) * inputs;
      for (int i = 0; i < inputs; ++i) x[i] = static_cast<float>(sample[i]) * (1 / 255.0F);
      targets_[b] = labels[rows[b]];
    }
  }

  void forward(int thread, Layer& layer, const float* x) {
    const auto [first, last] = part(thread, layer.outputs);
    if (first == last) return;
    const int n = layer.outputs;
    for (int b = 0; b < batch_; ++b)
      std::copy(layer.bias.value.begin() + first, layer.bias.value.begin() + last,
                &layer.y[std::size_t(b) * n + first]);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch_, last - first, layer.inputs, 1, x,
                layer.inputs, &layer.weight.value[first], n, 1, &layer.y[first], n);
    if (&layer == &layers_.back()) return;
    for (int b = 0; b < batch_; ++b)
      for (int j = first; j < last; ++j)
        layer.y[std::size_t(b) * n + j] = std::max(layer.y[std::size_t(b) * n + j], 0.0F);
  }

  // The probabilities, and the gradient of the mean loss.
  void softmax(int thread, Layer& layer) {
    const int n = layer.outputs;
    const auto [first, last] = part(thread, batch_);
    for (int b = first; b < last; ++b) {
      float *y = &layer.y[std::size_t(b) * n], *delta = &layer.delta[std::size_t(b) * n];
      const float top = *std::max_element(y, y + n);
      float sum = 0;
      for (int j = 0; j < n; ++j) sum += y[j] = std::exp(y[j] - top);
      for (int j = 0; j < n; ++j) {
        y[j] /= sum;
        delta[j] = (y[j] - (j == targets_[b] ? 1.0F : 0.0F)) / static_cast<float>(batch_);
      }
    }
  }

  void backward_data(int thread, const Layer& layer, Layer& below) {
    const auto [first, last] = part(thread, layer.inputs);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch_, last - first, layer.outputs, 1,
                layer.delta.data(), layer.outputs, &layer.weight.value[std::size_t(first) * layer.outputs],
                layer.outputs, 0, &below.delta[first], layer.inputs);
    for (int b = 0; b < batch_; ++b)
      for (int j = first; j < last; ++j)
        if (below.y[std::size_t(b) * layer.inputs + j] <= 0)
          below.delta[std::size_t(b) * layer.inputs + j] = 0;
  }

  void backward_weights(int thread, Layer& layer, const float* x) {
    const auto [first, last] = part(thread, layer.outputs);
    if (first == last) return;
    const int n = layer.outputs;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer.inputs, last - first, batch_, 1, x,
                layer.inputs, &layer.delta[first], n, 0, &layer.weight.gradient[first], n);
    std::fill(layer.bias.gradient.begin() + first, layer.bias.gradient.begin() + last, 0.0F);
    for (int b = 0; b < batch_; ++b)
      for (int j = first; j < last; ++j) layer.bias.gradient[j] += layer.delta[std::size_t(b) * n + j];
  }

  void update(int thread, Layer& layer) {
    const auto [first, last] = part(thread, layer.outputs);
    const auto step = static_cast<float>(count_[thread]);
    const float rate = kRate * std::sqrt(1 - std::pow(kBeta2, step)) / (1 - std::pow(kBeta1, step));
    auto adam = [&](Parameter& p, std::size_t begin, std::size_t end) {
      float* __restrict w = p.value.data(), * __restrict m = p.m.data(), * __restrict v = p.v.data();
      const float* __restrict g = p.gradient.data();
      for (std::size_t i = begin; i < end; ++i) {
        m[i] = kBeta1 * m[i] + (1 - kBeta1) * g[i];
        v[i] = kBeta2 * v[i] + (1 - kBeta2) * g[i] * g[i];
        w[i] -= rate * m[i] / (std::sqrt(v[i]) + kEpsilon);
      }
    };
    for (int k = 0; k < layer.inputs; ++k)
      adam(layer.weight, std::size_t(k) * layer.outputs + first, std::size_t(k) * layer.outputs + last);
    adam(layer.bias, first, last);
  }

  const int batch_, threads_;
  Barrier barrier_;
  std::vector<float> x_;  // [batch, inputs]
  std::vector<int> targets_;
  std::vector<Layer> layers_;
  int count_[64] = {};  // steps, for each thread
};

netc::runtime::SampleSet load(const std::string& folder, int inputs, int outputs) {
  if (!folder.empty()) {
    auto data = netc::runtime::load_dataset({"mnist", {}, {folder}}, 2);
    if (!data) std::exit(1);
    return std::move(data->train);
  }
  netc::runtime::SampleSet set;
  set.count = 3200;
  set.samples = netc::runtime::Bytes(static_cast<std::size_t>(set.count * inputs));
  std::mt19937 random(1);
  for (std::int64_t i = 0; i < set.count * inputs; ++i)
    set.samples.data()[i] = static_cast<std::uint8_t>(random());
  for (std::int64_t i = 0; i < set.count; ++i) set.labels.push_back(static_cast<int>(random() % outputs));
  return set;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5)
    return std::fprintf(stderr, "usage: bench_openblas train|predict WIDTHS BATCH THREADS [FOLDER]\n"), 2;
  const bool train = std::string(argv[1]) == "train";
  std::vector<int> widths;
  std::istringstream text(argv[2]);
  for (std::string width; std::getline(text, width, '-');) widths.push_back(std::stoi(width));
  const int batch = std::stoi(argv[3]), threads = std::stoi(argv[4]);
  openblas_set_num_threads(1);
  const netc::runtime::SampleSet data = load(argc > 5 ? argv[5] : "", widths.front(), widths.back());
  std::vector<int> order(data.count);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));

  Network network(widths, batch, threads);
  std::vector<double> times;
  std::atomic<std::int64_t> end{-1};  // how many steps there are, once that is known
  double first_step = 0;
  auto work = [&](int thread) {
    _mm_setcsr(_mm_getcsr() | 0x8040);  // denormal numbers are zero
    const double start = netc::runtime::now_seconds();
    double before = start;
    std::int64_t at = 0;
    for (std::int64_t i = 0; i != end; ++i, at = at + 2 * batch <= data.count ? at + batch : 0) {
      network.step(thread, data.samples.data(), data.labels.data(), &order[at], train);
      if (thread > 0) continue;
      const double now = netc::runtime::now_seconds();
      if (times.empty()) first_step = netc::driver::seconds_since_start(now);
      times.push_back((now - before) * 1e6);
      before = now;
      // The next step is the last one: its barriers make that known to all.
      if (end < 0 && now - start > kSeconds) end = i + 2;
    }
  };
  std::vector<std::jthread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  netc::bench::print_times(times, first_step);
}
