#include "compiler/codegen/watch_link.h"

#include <llvm/ExecutionEngine/Orc/Debugging/DebuggerSupport.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>

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

llvm::Error watch_link(llvm::orc::LLJIT& jit, std::vector<LinkedFunction>& functions) {
  auto* layer = llvm::dyn_cast<llvm::orc::ObjectLinkingLayer>(&jit.getObjLinkingLayer());
  NETC_CHECK(layer, "LLVM links code for this machine with JITLink");
  layer->addPlugin(std::make_shared<FunctionLister>(functions));
  return llvm::orc::enableDebuggerSupport(jit);
}

}  // namespace netc::codegen
