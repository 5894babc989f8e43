#include "compiler/kernel/replicas.h"

#include <algorithm>
#include <set>

#include "compiler/kernel/accesses.h"

namespace netc::kernel {

namespace {

// A kernel that converts samples, and those that mark the zeros of what it makes.
class Replicas {
 public:
  Replicas(Plan& plan, const Target& target, std::size_t converter) : plan_(plan), target_(target) {
    if (converts_samples(plan_.kernels[converter])) add(converter);
    for (std::size_t i = converter + 1; !members_.empty() && i < plan_.kernels.size(); ++i) {
      const auto* marks = std::get_if<NonzeroKernel>(&plan_.kernels[i].form);
      if (marks && written_.contains(marks->from)) add(i);
    }
  }

  // Do copies of all that they make fit beside what else a core works on, and does every thread read the
  // whole?
  bool pay() const {
    return !members_.empty() && std::ranges::all_of(written_, [&](BufferId id) {
      const Buffer& buffer = plan_.buffer(id);
      return buffer.storage == Storage::kArena && buffer.bytes <= target_.cache_bytes / 2 && !is_output(id) &&
             is_read_whole(id);
    });
  }

  void replicate() {
    for (BufferId buffer : written_) plan_.buffers[index(buffer)].storage = Storage::kPrivate;
    for (std::size_t number : members_) {
      plan_.kernels[number].replicated = true;
      find_accesses(plan_, plan_.kernels[number]);
    }
    for (Kernel& kernel : plan_.kernels) {
      auto* contract = std::get_if<ContractKernel>(&kernel.form);
      if (contract && contract->fetched && written_.contains(contract->a))
        contract->fetched->by_each_thread = true;
    }
  }

 private:
  bool converts_samples(const Kernel& kernel) const {
    bool samples = false, nothing_else = true;
    for (const Access& access : kernel.accesses) {
      const Storage storage = plan_.buffer(access.buffer).storage;
      samples |= storage == Storage::kSamples;
      nothing_else &= access.write || storage == Storage::kSamples || storage == Storage::kPrivate;
    }
    return std::holds_alternative<RowsKernel>(kernel.form) && samples && nothing_else;
  }

  void add(std::size_t number) {
    members_.insert(number);
    for (const Access& access : plan_.kernels[number].accesses) {
      if (access.write) written_.insert(access.buffer);
    }
  }

  bool is_output(BufferId buffer) const {
    return std::ranges::any_of(plan_.outputs,
                               [&](const Plan::Output& output) { return output.buffer == buffer; });
  }

  bool is_read_whole(BufferId buffer) const {
    for (std::size_t i = 0; i < plan_.kernels.size(); ++i) {
      for (const Access& access : plan_.kernels[i].accesses) {
        if (access.buffer == buffer && access.axis && !members_.contains(i)) return false;
      }
    }
    return true;
  }

  Plan& plan_;
  const Target& target_;
  std::set<std::size_t> members_;
  std::set<BufferId> written_;
};

}  // namespace

void replicate(Plan& plan, const Target& target) {
  for (std::size_t i = 0; i < plan.kernels.size(); ++i) {
    Replicas replicas(plan, target, i);
    if (replicas.pay()) replicas.replicate();
  }
}

}  // namespace netc::kernel
