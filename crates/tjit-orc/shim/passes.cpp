// Runs a pass pipeline that can be told to stop. llvm-c's can't: see docs/adr/0001-cxx-shim.md.

#include "llvm-c/Error.h"
#include "llvm-c/TargetMachine.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/StandardInstrumentations.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

extern "C" {

/// Whether passes that can be left out are to be left out from now on; mirrored by `ShouldStop` in src/target.rs.
typedef bool (*TjitShouldStop)(const void *State);

/// As `LLVMRunPasses` with the default options.
LLVMErrorRef tjit_run_passes(LLVMModuleRef Module, const char *Passes,
                             LLVMTargetMachineRef Machine,
                             TjitShouldStop ShouldStop, const void *State);
}

LLVMErrorRef tjit_run_passes(LLVMModuleRef Module, const char *Passes,
                             LLVMTargetMachineRef Machine,
                             TjitShouldStop ShouldStop, const void *State) {
  llvm::Module &M = *unwrap(Module);
  PassInstrumentationCallbacks Callbacks;
  // llvm-c keeps its own conversion to itself.
  PassBuilder Builder(reinterpret_cast<TargetMachine *>(Machine), PipelineTuningOptions(),
                      std::nullopt, &Callbacks);
  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CGAM;
  ModuleAnalysisManager MAM;
  Builder.registerModuleAnalyses(MAM);
  Builder.registerCGSCCAnalyses(CGAM);
  Builder.registerFunctionAnalyses(FAM);
  Builder.registerLoopAnalyses(LAM);
  Builder.crossRegisterProxies(LAM, FAM, CGAM, MAM);

  // Among them is what leaves `optnone` functions alone.
  StandardInstrumentations Instrumentations(M.getContext(), /*DebugLogging=*/false);
  Instrumentations.registerCallbacks(Callbacks, &MAM);
  Callbacks.registerShouldRunOptionalPassCallback(
      [=](StringRef, Any) { return !ShouldStop(State); });

  ModulePassManager Pipeline;
  if (Error Failure = Builder.parsePassPipeline(Pipeline, Passes))
    return wrap(std::move(Failure));
  Pipeline.run(M, MAM);
  return nullptr;
}
