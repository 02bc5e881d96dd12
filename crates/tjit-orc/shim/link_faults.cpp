// Faults in the middle of a link, for tests; built with the feature `failpoints` only. See docs/adr/0001-cxx-shim.md.

#include "llvm-c/LLJIT.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/ExecutionEngine/Orc/Shared/WrapperFunctionUtils.h"

using namespace llvm;

/// Whether the n-th of the points of a link (link, allocate, protect, register) is to fail now.
using TjitFails = bool (*)(int Point);

enum LinkPoint { Link, Allocate, Protect, Register };

extern "C" LLVMErrorRef tjit_let_allocations_fail(LLVMOrcLLJITBuilderRef Builder,
                                                  TjitFails Fails);
extern "C" void tjit_let_links_fail(LLVMOrcLLJITRef J, TjitFails Fails);

namespace {

Error injected(const char *Where) {
  return createStringError(std::string("injected fault at ") + Where);
}

/// Fails where the system would refuse to change the protection of pages.
class UnprotectableAlloc : public jitlink::JITLinkMemoryManager::InFlightAlloc {
public:
  explicit UnprotectableAlloc(std::unique_ptr<InFlightAlloc> Inner)
      : Inner(std::move(Inner)) {}

  void abandon(OnAbandonedFunction OnAbandoned) override {
    Inner->abandon(std::move(OnAbandoned));
  }

  void finalize(OnFinalizedFunction OnFinalized) override {
    Inner->abandon([OnFinalized = std::move(OnFinalized)](Error Err) mutable {
      OnFinalized(joinErrors(injected("protect"), std::move(Err)));
    });
  }

private:
  std::unique_ptr<InFlightAlloc> Inner;
};

class FailingMemoryManager : public jitlink::JITLinkMemoryManager {
public:
  FailingMemoryManager(std::unique_ptr<JITLinkMemoryManager> Inner, TjitFails Fails)
      : Inner(std::move(Inner)), Fails(Fails) {}

  void allocate(const jitlink::JITLinkDylib *JD, jitlink::LinkGraph &G,
                OnAllocatedFunction OnAllocated) override {
    if (Fails(Allocate)) {
      OnAllocated(injected("allocate"));
      return;
    }
    if (!Fails(Protect)) {
      Inner->allocate(JD, G, std::move(OnAllocated));
      return;
    }
    Inner->allocate(
        JD, G, [OnAllocated = std::move(OnAllocated)](AllocResult Result) mutable {
          if (!Result)
            OnAllocated(Result.takeError());
          else
            OnAllocated(std::make_unique<UnprotectableAlloc>(std::move(*Result)));
        });
  }

  void deallocate(std::vector<FinalizedAlloc> Allocs,
                  OnDeallocatedFunction OnDeallocated) override {
    Inner->deallocate(std::move(Allocs), std::move(OnDeallocated));
  }

private:
  std::unique_ptr<JITLinkMemoryManager> Inner;
  TjitFails Fails;
};

/// What the linker runs instead of a registration that works.
orc::shared::CWrapperFunctionBuffer refuseRegistration(const char *, size_t) {
  return orc::shared::WrapperFunctionBuffer::createOutOfBandError(
             "injected fault at register")
      .release();
}

/// Fails before memory is asked for, or after all other registrations, which are to be undone then.
class FailingLinks : public orc::ObjectLinkingLayer::Plugin {
public:
  explicit FailingLinks(TjitFails Fails) : Fails(Fails) {}

  void modifyPassConfig(orc::MaterializationResponsibility &, jitlink::LinkGraph &,
                        jitlink::PassConfiguration &Config) override {
    if (Fails(Link))
      Config.PrePrunePasses.push_back(
          [](jitlink::LinkGraph &) { return injected("link"); });
    if (Fails(Register))
      Config.PostFixupPasses.push_back([](jitlink::LinkGraph &G) -> Error {
        auto Call =
            orc::shared::WrapperFunctionCall::Create<orc::shared::SPSArgList<>>(
                orc::ExecutorAddr::fromPtr(&refuseRegistration));
        if (!Call)
          return Call.takeError();
        G.allocActions().push_back({std::move(*Call), {}});
        return Error::success();
      });
  }

  Error notifyFailed(orc::MaterializationResponsibility &) override {
    return Error::success();
  }
  Error notifyRemovingResources(orc::JITDylib &, orc::ResourceKey) override {
    return Error::success();
  }
  void notifyTransferringResources(orc::JITDylib &, orc::ResourceKey,
                                   orc::ResourceKey) override {}

private:
  TjitFails Fails;
};

} // namespace

/// Gives the JIT that is being built the memory manager that it would have, behind one that fails. The casts are those of
/// OrcV2CBindings.cpp, which keeps its conversion functions to itself.
LLVMErrorRef tjit_let_allocations_fail(LLVMOrcLLJITBuilderRef Builder, TjitFails Fails) {
  auto PageSize = sys::Process::getPageSize();
  if (!PageSize)
    return wrap(PageSize.takeError());
  auto Inner = std::make_unique<jitlink::InProcessMemoryManager>(*PageSize);
  auto Control = orc::SelfExecutorProcessControl::Create(
      nullptr, nullptr,
      std::make_unique<FailingMemoryManager>(std::move(Inner), Fails));
  if (!Control)
    return wrap(Control.takeError());
  reinterpret_cast<orc::LLJITBuilder *>(Builder)
      ->setExecutorProcessControl(std::move(*Control))
      .setSupportConcurrentCompilation(false);
  return LLVMErrorSuccess;
}

/// The layer is JITLink's, as LLJIT makes it on every target of this project.
void tjit_let_links_fail(LLVMOrcLLJITRef J, TjitFails Fails) {
  auto &Layer = reinterpret_cast<orc::LLJIT *>(J)->getObjLinkingLayer();
  static_cast<orc::ObjectLinkingLayer &>(Layer).addPlugin(
      std::make_shared<FailingLinks>(Fails));
}
