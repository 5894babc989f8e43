#include "runtime/executor.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace netc::runtime {

namespace {

// Where nobody looks at the time.
struct Unobserved {
  void begin() {}
  void waited() {}
  void ran(std::size_t) {}
  void finished(std::size_t) {}
};

}  // namespace

Executor::Executor(const Program& program, const Store& store, ThreadTeam& team)
    : program_(program),
      store_(store),
      team_(team),
      arena_(static_cast<std::size_t>(program.arena_bytes)),
      threads_(team.size()) {
  for (int t = 0; t < team.size(); ++t) {
    threads_[t].memory = Memory(static_cast<std::size_t>(program.private_bytes));
    for (const KernelCall& call : program.calls) {
      threads_[t].arguments.emplace_back();
      for (std::size_t buffer : call.arguments) threads_[t].arguments.back().push_back(address(buffer, t));
    }
  }
}

void* Executor::address(std::size_t buffer, int thread) const {
  const ProgramBuffer& described = program_.buffers[buffer];
  PerThread& mine = threads_[thread];
  switch (described.place) {
    case Place::kSamples: return &mine.samples;
    case Place::kLabels: return &mine.labels;
    case Place::kNumbers: return &mine.numbers;
    case Place::kPersistent: return store_.data(described.tensor);
    case Place::kArena: return arena_.data() + described.offset;
    case Place::kPrivate: return mine.memory.data() + described.offset;
  }
  return nullptr;
}

void Executor::bind(const SampleSet& set) {
  for (PerThread& thread : threads_) {
    thread.samples.data = set.samples.data();
    if (set.targets.empty()) thread.labels.data = set.labels.data();
    else thread.labels.data = set.targets.data();
  }
}

bool Executor::step(int thread, const std::int32_t* rows, const StepNumbers& numbers, bool alone) {
  PerThread& mine = threads_[thread];
  mine.samples.rows = mine.labels.rows = rows;
  mine.numbers = numbers;
  const std::int64_t threads = alone ? 1 : team_.size();
  Unobserved nobody;
  return profile_ ? run_calls(thread, threads, profile_->thread(thread, alone))
                  : run_calls(thread, threads, nobody);
}

template <typename Observer>
bool Executor::run_calls(int thread, std::int64_t threads, Observer& observer) {
  PerThread& mine = threads_[thread];
  observer.begin();
  for (std::size_t i = 0; i < program_.calls.size(); i += program_.calls[i].band) {
    const KernelCall& call = program_.calls[i];
    if (call.barrier_before && threads > 1) team_.meet();
    observer.waited();
    if (i == program_.check_before && !std::isfinite(loss_sum(thread))) return false;
    if (call.band > 1) {
      run_band(i, thread, threads, observer);
      continue;
    }
    // Divisions take as long as small kernels do.
    const bool whole = call.replicated || threads == 1;
    const std::int64_t shares = whole ? 1 : call.tiles / call.together;
    const std::int64_t first = whole ? 0 : thread * shares / threads * call.together;
    const std::int64_t last = whole ? call.tiles : (thread + 1) * shares / threads * call.together;
    if (first < last) call.function(mine.arguments[i].data(), first, last);
    observer.ran(i);
    observer.finished(i);
  }
  return std::isfinite(loss_sum(thread));
}

template <typename Observer>
void Executor::run_band(std::size_t first, int thread, std::int64_t threads, Observer& observer) {
  const std::int64_t parts = program_.calls[first].parts;
  const std::size_t end = first + program_.calls[first].band;
  for (std::int64_t part = thread * parts / threads; part < (thread + 1) * parts / threads; ++part) {
    for (std::size_t i = first; i < end; ++i) {
      run_part(i, thread, part);
      observer.ran(i);
    }
  }
  for (std::size_t i = first; i < end; ++i) observer.finished(i);
}

void Executor::run_part(std::size_t number, int thread, std::int64_t part) {
  const KernelCall& call = program_.calls[number];
  std::vector<void*>& arguments = threads_[thread].arguments[number];
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::int64_t bytes = program_.buffers[call.arguments[i]].part_bytes;
    if (bytes == 0) continue;
    // Where the first part would lie, which has no memory: so it is reckoned as a number.
    const auto base = reinterpret_cast<std::uintptr_t>(address(call.arguments[i], thread));
    arguments[i] = reinterpret_cast<void*>(base - static_cast<std::uintptr_t>(part * bytes));
  }
  const std::int64_t tiles = call.tiles / call.parts;
  call.function(arguments.data(), part * tiles, (part + 1) * tiles);
}

std::vector<float> Executor::values(std::size_t buffer) const {
  const MatrixLayout& layout = program_.buffers[buffer].layout;
  std::vector<float> result(static_cast<std::size_t>(layout.rows * layout.columns));
  const float* data = number(buffer, 0);
  for_each_element(layout,
                   [&](std::int64_t logical, std::int64_t offset) { result[logical] = data[offset]; });
  return result;
}

bool Executor::is_finite(const ProgramBuffer& buffer, const float* data) const {
  bool finite = true;
  for_each_element(buffer.layout, [&](std::int64_t, std::int64_t offset) {
    finite = finite && std::isfinite(data[offset]);
  });
  return finite;
}

bool Executor::wrote_finite(const KernelCall& call, bool parts) const {
  return std::ranges::all_of(call.writes, [&](std::size_t id) {
    const ProgramBuffer& buffer = program_.buffers[id];
    return !buffer.is_float || (buffer.part_bytes > 0) != parts || is_finite(buffer, number(id, 0));
  });
}

const KernelCall* Executor::first_bad_call() {
  const std::size_t calls = std::min(program_.check_before, program_.calls.size());
  for (std::size_t first = 0; first < calls; first += program_.calls[first].band) {
    const KernelCall& band = program_.calls[first];
    std::vector<bool> bad(band.band, false);
    for (std::int64_t part = 0; part < band.parts; ++part) {
      for (std::size_t i = 0; i < band.band; ++i) {
        run_part(first + i, 0, part);
        bad[i] = bad[i] || !wrote_finite(program_.calls[first + i], true);
      }
    }
    for (std::size_t i = 0; i < band.band; ++i) {
      const KernelCall& call = program_.calls[first + i];
      if (bad[i] || !wrote_finite(call, false)) return &call;
    }
  }
  return nullptr;
}

}  // namespace netc::runtime
