#include <fmt/format.h>

#include <algorithm>

#include "compiler/kernel/buffers.h"

namespace netc::kernel {

namespace {

// Units of an access that a thread touches, as elements of the buffer along `axis`; empty where the thread
// has no tile.
struct Touched {
  std::optional<std::uint32_t> axis;
  std::int64_t begin = 0, end = 0;
  bool any() const { return begin < end; }
};

constexpr std::int64_t kWhole = std::int64_t{1} << 60;

Touched touched(const Kernel& kernel, const Access& access, std::int64_t thread, std::int64_t threads) {
  if (kernel.replicated) return {std::nullopt, 0, kWhole};
  const std::int64_t shares = kernel.shares();
  const std::int64_t first = thread * shares / threads, last = (thread + 1) * shares / threads;
  if (first == last) return {};
  if (!access.axis) return {std::nullopt, 0, kWhole};
  return {access.axis, tile_range(access.extent, access.tiles, first).first * access.unit,
          tile_range(access.extent, access.tiles, last - 1).second * access.unit};
}

bool overlap(const Touched& a, const Touched& b) {
  if (!a.any() || !b.any()) return false;
  if (!a.axis || !b.axis || a.axis != b.axis) return true;
  return a.begin < b.end && b.begin < a.end;
}

class Verifier {
 public:
  explicit Verifier(const Plan& plan) : plan_(plan) {}

  std::string run() {
    for (const Kernel& kernel : plan_.kernels) check_kernel(kernel);
    check_writers();
    check_memory();
    for (std::int64_t threads = 2; threads <= 8 && fault_.empty(); ++threads) check_races(threads);
    return fault_;
  }

 private:
  void fail(std::string text) {
    if (fault_.empty()) fault_ = std::move(text);
  }

  void check_kernel(const Kernel& kernel) {
    for (const Operand& operand : kernel.body.operands) {
      if (operand.kind == Operand::Kind::kStepNumber)
        fail(kernel.name + " has a step number that was not hoisted");
      if (operand.kind != Operand::Kind::kElement) continue;
      const Buffer& buffer = plan_.buffer(operand.buffer);
      if (buffer.extents.size() >= 2 && !follows(buffer, kernel) &&
          (buffer.rows != kernel.rows || buffer.columns != kernel.columns)) {
        fail(fmt::format("{} reads {} element by element, but their extents differ", kernel.name,
                         buffer.name));
      }
    }
    const Window* window = nullptr;
    for (const Statement& statement : kernel.body.statements) {
      check_points(kernel, statement);
      if (!statement.window) continue;
      if (window &&
          (window->extents != statement.window->extents || window->divisions != statement.window->divisions))
        fail(kernel.name + " has windows of different points");
      window = &*statement.window;
    }
    if (kernel.parts > 1 && (parallel_extent(kernel) % kernel.tiles != 0 || kernel.tiles % kernel.parts != 0))
      fail(kernel.name + " is in a band, but its tiles make no parts");
    if (kernel.together > 1 &&
        (parallel_extent(kernel) % kernel.tiles != 0 || kernel.tiles % kernel.together != 0))
      fail(kernel.name + " has tiles that cannot stay together");
    for (const Access& access : kernel.accesses) {
      if (plan_.buffer(access.buffer).parts > 1 &&
          (kernel.parts != plan_.buffer(access.buffer).parts || !access.by_sample))
        fail(fmt::format("{} does not touch {} part by part", kernel.name, plan_.buffer(access.buffer).name));
    }
    if (kernel.tiles < 1 || kernel.tiles > parallel_extent(kernel))
      fail(fmt::format("{} has {} tiles", kernel.name, kernel.tiles));
  }

  // A statement's points have the kernel's axes, its window's, and its divisions in order; it reads at these
  // alone.
  void check_points(const Kernel& kernel, const Statement& statement) {
    std::size_t axes = kernel.extents.size();
    if (statement.window) {
      axes += statement.window->extents.size();
      for (const Window::Division& division : statement.window->divisions) {
        check_axes(kernel, division.dividend, axes++);
        if (division.divisor < 1) fail(kernel.name + " divides by less than 1");
      }
      for (const Range& range : statement.window->inside) check_axes(kernel, range.index, axes);
    }
    std::vector<bool> used(kernel.body.pool.size());
    used[statement.root] = true;
    for (ScalarId id = statement.root + 1; id-- > 0;) {
      if (!used[id]) continue;
      const graph::ScalarNode& node = kernel.body.pool[id];
      for (int i = 0; i < arity(node.op); ++i) used[node.args[i]] = true;
      if (node.op == graph::ScalarOp::kOperand) check_place(kernel, kernel.body.operands[node.operand], axes);
    }
  }

  void check_place(const Kernel& kernel, const Operand& operand, std::size_t axes) {
    if (operand.kind != Operand::Kind::kAt && operand.kind != Operand::Kind::kIndex) return;
    for (const AffineIndex& entry : operand.index) check_axes(kernel, entry, axes);
    for (const Range& range : operand.inside) check_axes(kernel, range.index, axes);
    const std::size_t rank = operand.kind == Operand::Kind::kAt ? operand.extents.size() : 1;
    if (operand.index.size() != rank)
      fail(fmt::format("{} reads at {} of {} axes", kernel.name, operand.index.size(), rank));
    if (operand.kind != Operand::Kind::kAt) return;
    const Buffer& buffer = plan_.buffer(operand.buffer);
    if (graph::element_count(operand.extents) != graph::element_count(buffer.extents))
      fail(fmt::format("{} reads {} as a tensor of {} elements, but it has {}", kernel.name, buffer.name,
                       graph::element_count(operand.extents), graph::element_count(buffer.extents)));
  }

  void check_axes(const Kernel& kernel, const AffineIndex& index, std::size_t axes) {
    for (const graph::AffineTerm& term : index.terms) {
      if (term.axis >= axes) fail(fmt::format("{} reads at axis {} of {}", kernel.name, term.axis, axes));
    }
  }

  // Each persistent buffer has one writer, behind the check; arena and private buffers are written before
  // they are read.
  void check_writers() {
    std::vector<int> writers(plan_.buffers.size());
    for (std::size_t k = 0; k < plan_.kernels.size(); ++k) {
      std::vector<bool> writes_now(plan_.buffers.size());
      for (const Access& access : plan_.kernels[k].accesses) {
        if (access.write) writes_now[index(access.buffer)] = true;
      }
      for (const Access& access : plan_.kernels[k].accesses) {
        const Buffer& buffer = plan_.buffer(access.buffer);
        const bool made_here = buffer.storage == Storage::kArena || buffer.storage == Storage::kPrivate;
        if (!access.write && made_here && writers[index(access.buffer)] == 0)
          fail(plan_.kernels[k].name + " reads " + buffer.name + " before it is written");
      }
      for (std::size_t b = 0; b < writes_now.size(); ++b) {
        if (!writes_now[b]) continue;
        const bool persistent = plan_.buffers[b].storage == Storage::kPersistent;
        if (++writers[b] > 1 && persistent) fail(plan_.buffers[b].name + " has two writers");
        if (persistent && k < plan_.check_before)
          fail(plan_.buffers[b].name + " is written before the loss is tested");
      }
    }
  }

  // Buffers share arena memory only where a barrier lies between the last use of one and the first of the
  // other; a step's first barrier divides it from the step before.
  void check_memory() {
    if (!plan_.kernels.empty() && !plan_.kernels[0].barrier_before)
      fail("the step does not begin with a barrier");
    const std::vector<Stretches> lives = find_stretches();
    for (std::size_t a = 0; a < lives.size(); ++a) {
      const Buffer& first = plan_.buffers[a];
      const bool shared = first.storage == Storage::kArena, own = first.storage == Storage::kPrivate;
      if (!(shared || own) || lives[a].empty()) continue;
      if (first.offset < 0 || first.offset + first.bytes > (shared ? plan_.arena_bytes : plan_.private_bytes))
        fail(first.name + " lies outside of its memory");
      for (std::size_t b = a + 1; b < lives.size(); ++b) {
        const Buffer& second = plan_.buffers[b];
        const bool apart = second.storage != first.storage || lives[b].empty() ||
                           first.offset + first.bytes <= second.offset ||
                           second.offset + second.bytes <= first.offset;
        if (!apart && (own || lives[a].meets(lives[b])))
          fail(fmt::format("{} and {} lie in the same memory at the same time", first.name, second.name));
      }
    }
  }

  // Between which barriers a buffer is in use, both ends included.
  struct Stretches {
    int first = -1, last = -1;
    bool empty() const { return first < 0; }
    bool meets(const Stretches& other) const { return first <= other.last && other.first <= last; }
  };

  std::vector<Stretches> find_stretches() const {
    std::vector<Stretches> lives(plan_.buffers.size());
    int stretch = 0;
    auto use = [&](BufferId id) {
      Stretches& life = lives[index(id)];
      if (life.empty()) life.first = stretch;
      life.last = stretch;
    };
    for (const Kernel& kernel : plan_.kernels) {
      stretch += kernel.barrier_before;
      for (const Access& access : kernel.accesses) use(access.buffer);
    }
    // They are read after the step.
    for (const Plan::Output& output : plan_.outputs) use(output.buffer);
    return lives;
  }

  // Two rounds of the step, so that its end meets its beginning.
  void check_races(std::int64_t threads) {
    std::vector<const Kernel*> since;
    for (int round = 0; round < 2; ++round) {
      for (const Kernel& kernel : plan_.kernels) {
        if (kernel.barrier_before) since.clear();
        for (const Kernel* earlier : since) check_pair(*earlier, kernel, threads);
        check_pair(kernel, kernel, threads);
        since.push_back(&kernel);
      }
    }
  }

  void check_pair(const Kernel& first, const Kernel& second, std::int64_t threads) {
    for (const Access& a : first.accesses) {
      for (const Access& b : second.accesses) {
        if (a.buffer != b.buffer || !(a.write || b.write) ||
            plan_.buffer(a.buffer).storage == Storage::kPrivate)
          continue;
        for (std::int64_t t = 0; t < threads; ++t) {
          for (std::int64_t u = 0; u < threads; ++u) {
            if (t == u || !overlap(touched(first, a, t, threads), touched(second, b, u, threads))) continue;
            fail(fmt::format("with {} threads, {} and {} touch {} without a barrier between", threads,
                             first.name, second.name, plan_.buffer(a.buffer).name));
          }
        }
      }
    }
  }

  const Plan& plan_;
  std::string fault_;
};

}  // namespace

std::string verify(const Plan& plan) { return Verifier(plan).run(); }

}  // namespace netc::kernel
