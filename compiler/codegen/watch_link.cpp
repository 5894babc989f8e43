#include "compiler/codegen/watch_link.h"

#include <llvm/ExecutionEngine/Orc/DebugObjectManagerPlugin.h>
#include <llvm/ExecutionEngine/Orc/EPCDebugObjectRegistrar.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/TargetProcess/JITLoaderGDB.h>

#include "compiler/support/check.h"

namespace netc::codegen {

namespace {

using llvm::orc::MaterializationResponsibility;

class FunctionLister : public llvm::orc::ObjectLinkingLayer::Plugin {
 public:
  explicit FunctionLister(std::vector<LinkedFunction>& functions) : functions_(functions) {}

  void modifyPassConfig(MaterializationResponsibility&, llvm::jitlink::LinkGraph&,
                        llvm::jitlink::PassConfiguration& config) override {
    config.PostAllocationPasses.push_back([this](llvm::jitlink::LinkGraph& graph) {
      for (const llvm::jitlink::Symbol* symbol : graph.defined_symbols()) {
        if (symbol->isCallable() && symbol->hasName())
          functions_.push_back({symbol->getName().str(), symbol->getAddress().getValue(), symbol->getSize()});
      }
      return llvm::Error::success();
    });
  }
  llvm::Error notifyFailed(MaterializationResponsibility&) override { return llvm::Error::success(); }
  llvm::Error notifyRemovingResources(llvm::orc::JITDylib&, llvm::orc::ResourceKey) override {
    return llvm::Error::success();
  }
  void notifyTransferringResources(llvm::orc::JITDylib&, llvm::orc::ResourceKey,
                                   llvm::orc::ResourceKey) override {}

 private:
  std::vector<LinkedFunction>& functions_;
};

}  // namespace

void watch_link(llvm::orc::LLJIT& jit, std::vector<LinkedFunction>& functions) {
  auto* layer = llvm::dyn_cast<llvm::orc::ObjectLinkingLayer>(&jit.getObjLinkingLayer());
  NETC_CHECK(layer, "LLVM links code for this machine with JITLink");
  layer->addPlugin(std::make_shared<FunctionLister>(functions));
  // GDB finds what is registered here. The function's address is given, since a statically linked LLVM has no
  // dynamic symbol of its name.
  llvm::orc::ExecutionSession& session = jit.getExecutionSession();
  layer->addPlugin(std::make_shared<llvm::orc::DebugObjectManagerPlugin>(
      session, std::make_unique<llvm::orc::EPCDebugObjectRegistrar>(
                   session, llvm::orc::ExecutorAddr::fromPtr(&llvm_orc_registerJITLoaderGDBWrapper))));
}

}  // namespace netc::codegen
