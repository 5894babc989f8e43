#include "compiler/codegen/codegen.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include <llvm/ExecutionEngine/Orc/ExecutionUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/TargetParser/Host.h>

#include "compiler/codegen/emitter.h"
#include "compiler/codegen/module.h"
#include "compiler/codegen/object_key.h"
#include "compiler/codegen/watch_link.h"
#include "compiler/support/check.h"
#include "runtime/priority.h"

namespace netc::codegen {

namespace {

template <typename T>
T expect(llvm::Expected<T> value) {
  if (!value) NETC_CHECK(false, llvm::toString(value.takeError()));
  return std::move(*value);
}

void expect(llvm::Error error) {
  if (error) NETC_CHECK(false, llvm::toString(std::move(error)));
}

// A kernel to compile, and the symbol that it gets.
struct Job {
  const kernel::Plan* plan;
  std::size_t kernel;
  std::string symbol;
  std::unique_ptr<llvm::MemoryBuffer> object = {};  // compiled, but not linked yet
  bool cached = false;
  KernelFunction function = nullptr;  // once it is linked
};

// Contractions have most code, so they go first, that threads finish together.
std::int64_t weight(const Job& job) {
  const kernel::Kernel& kernel = job.plan->kernels[job.kernel];
  const auto* contract = std::get_if<kernel::ContractKernel>(&kernel.form);
  return static_cast<std::int64_t>(kernel.body.pool.size()) *
         (contract ? 2 * contract->row_tile * contract->block_tile : 1);
}

std::span<const std::uint8_t> bytes_of(const llvm::SmallVector<char, 0>& code) {
  return {reinterpret_cast<const std::uint8_t*>(code.data()), code.size()};
}

void compile_job(Job& job, llvm::TargetMachine& machine, const kernel::Target& target,
                 const runtime::Cache& cache) {
  llvm::LLVMContext context;
  auto module = make_module(context, *job.plan, job.kernel, machine);
  module->getFunctionList().front().setName(job.symbol);
  const std::string key = cache.keeps() ? object_key(*module, target) : "";
  if (std::optional<runtime::Bytes> found = cache.find(key)) {
    job.object = llvm::MemoryBuffer::getMemBufferCopy(
        {reinterpret_cast<const char*>(found->data()), found->size()}, job.symbol);
    job.cached = true;
    return;
  }
  llvm::SmallVector<char, 0> code = generate(*module, machine, llvm::CodeGenFileType::ObjectFile);
  cache.keep(key, std::array{bytes_of(code)});
  job.object = std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(code), job.symbol, false);
}

void compile_jobs(std::vector<Job*> jobs, const kernel::Target& target, int threads,
                  const runtime::Cache& cache) {
  std::ranges::stable_sort(jobs, std::greater(), [](const Job* job) { return weight(*job); });
  std::atomic<std::size_t> next = 0;
  auto work = [&] {
    auto machine = make_target_machine(target);
    for (std::size_t i = next++; i < jobs.size(); i = next++) compile_job(*jobs[i], *machine, target, cache);
  };
  std::vector<std::jthread> helpers;
  for (int i = 1; i < threads && i < static_cast<int>(jobs.size()); ++i) {
    helpers.emplace_back([&] {
      runtime::give_way();  // to the reading of the data
      work();
    });
  }
  work();
}

class JitCode : public Code {
 public:
  JitCode(std::span<const kernel::Plan* const> plans, const kernel::Target& target)
      : target_(target), jit_(expect(llvm::orc::LLJITBuilder().create())) {
    watch_link(*jit_, linked_);
    const char prefix = jit_->getDataLayout().getGlobalPrefix();
    jit_->getMainJITDylib().addGenerator(
        expect(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix)));
    std::map<std::string, std::size_t> known;
    for (const kernel::Plan* plan : plans) {
      job_of_.emplace_back();
      for (std::size_t k = 0; k < plan->kernels.size(); ++k) {
        auto [place, is_new] = known.try_emplace(kernel::signature(*plan, plan->kernels[k]), jobs_.size());
        if (is_new) jobs_.push_back({plan, k, symbol(plan->kernels[k], jobs_.size())});
        job_of_.back().push_back(place->second);
      }
    }
  }

  void compile(std::size_t plan, int threads, const runtime::Cache& cache) override {
    std::vector<Job*> jobs;
    for (std::size_t number : job_of_[plan]) {
      Job& job = jobs_[number];
      if (!job.function && std::ranges::find(jobs, &job) == jobs.end()) jobs.push_back(&job);
    }
    compile_jobs(jobs, target_, threads, cache);
    for (Job* job : jobs) expect(jit_->addObjectFile(std::move(job->object)));
    for (Job* job : jobs) job->function = expect(jit_->lookup(job->symbol)).toPtr<KernelFunction>();
  }

  std::vector<KernelFunction> functions(std::size_t plan) const override {
    std::vector<KernelFunction> functions;
    for (std::size_t number : job_of_[plan]) functions.push_back(jobs_[number].function);
    return functions;
  }
  std::size_t compiled_kernels() const override {
    return static_cast<std::size_t>(
        std::ranges::count_if(jobs_, [](const Job& job) { return job.function != nullptr; }));
  }
  std::size_t cached_kernels() const override {
    return static_cast<std::size_t>(std::ranges::count(jobs_, true, &Job::cached));
  }
  const std::vector<LinkedFunction>& linked() const override { return linked_; }

 private:
  const kernel::Target target_;
  std::vector<LinkedFunction> linked_;  // outlives jit_
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  std::vector<Job> jobs_;                         // of all plans, each kernel once
  std::vector<std::vector<std::size_t>> job_of_;  // plan, kernel
};

std::string host_features() {
  std::string text;
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
    text += (text.empty() ? "" : ",") + std::string(feature.second ? "+" : "-") + feature.first().str();
  }
  return text;
}

kernel::Target describe(const llvm::TargetMachine& machine, std::string cpu, std::string features) {
  const llvm::MCSubtargetInfo& info = *machine.getMCSubtargetInfo();
  kernel::Target target{std::move(cpu), std::move(features), 16, 4};
  if (machine.getTargetTriple().isAArch64()) target.vector_registers = 32;
  if (machine.getTargetTriple().isX86()) {
    if (info.checkFeatures("+avx")) target.floats_a_register = 8;
    if (info.checkFeatures("+avx512f")) target = {target.cpu, target.features, 32, 16};
  }
  return target;
}

}  // namespace

std::optional<kernel::Target> find_target(const std::string& cpu) {
  initialize_llvm();
  kernel::Target target;
  target.cpu = cpu.empty() ? llvm::sys::getHostCPUName().str() : cpu;
  if (cpu.empty()) target.features = host_features();
  auto generic = make_target_machine({"", "", 16, 4});
  if (!cpu.empty() && !generic->getMCSubtargetInfo()->isCPUStringValid(cpu)) return std::nullopt;
  return describe(*make_target_machine(target), target.cpu, target.features);
}

bool runs_here(const kernel::Target& target) {
  auto here = make_target_machine(*find_target(""));
  auto there = make_target_machine(target);
  for (const char* feature :
       {"+sse4.2", "+avx", "+avx2", "+fma", "+avx512f", "+avx512vl", "+avx512dq", "+avx512bw"}) {
    if (there->getTargetTriple().isX86() && there->getMCSubtargetInfo()->checkFeatures(feature) &&
        !here->getMCSubtargetInfo()->checkFeatures(feature))
      return false;
  }
  return true;
}

std::unique_ptr<Code> make_code(std::span<const kernel::Plan* const> plans, const kernel::Target& target) {
  initialize_llvm();
  return std::make_unique<JitCode>(plans, target);
}

std::unique_ptr<Code> compile(std::span<const kernel::Plan* const> plans, const kernel::Target& target,
                              int threads, const runtime::Cache& cache) {
  std::unique_ptr<Code> code = make_code(plans, target);
  for (std::size_t p = 0; p < plans.size(); ++p) code->compile(p, threads, cache);
  return code;
}

std::string emit_llvm(const kernel::Plan& plan, const kernel::Target& target) {
  auto machine = make_target_machine(target);
  std::string text;
  llvm::raw_string_ostream out(text);
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    llvm::LLVMContext context;
    make_module(context, plan, k, *machine)->print(out, nullptr);
  }
  return text;
}

std::string emit_assembly(const kernel::Plan& plan, const kernel::Target& target) {
  auto machine = make_target_machine(target);
  std::string text;
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    llvm::LLVMContext context;
    auto module = make_module(context, plan, k, *machine);
    auto bytes = generate(*module, *machine, llvm::CodeGenFileType::AssemblyFile);
    text.append(bytes.data(), bytes.size());
  }
  return text;
}

}  // namespace netc::codegen
