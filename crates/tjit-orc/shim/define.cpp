// What a dylib defines: under a resource tracker, and no more; see docs/adr/0001-cxx-shim.md.

#include "llvm-c/Error.h"
#include "llvm-c/Orc.h"
#include "llvm/ExecutionEngine/Orc/Core.h"

using namespace llvm;

extern "C" LLVMErrorRef tjit_define(LLVMOrcJITDylibRef Dylib,
                                    LLVMOrcResourceTrackerRef Tracker,
                                    LLVMOrcMaterializationUnitRef Unit);
extern "C" LLVMErrorRef
tjit_undefine(LLVMOrcJITDylibRef Dylib, LLVMOrcSymbolStringPoolEntryRef Name);

/// Takes ownership of Unit, also on failure. The casts are those of OrcV2CBindings.cpp, which keeps its
/// conversion functions to itself.
LLVMErrorRef tjit_define(LLVMOrcJITDylibRef Dylib,
                         LLVMOrcResourceTrackerRef Tracker,
                         LLVMOrcMaterializationUnitRef Unit) {
  std::unique_ptr<orc::MaterializationUnit> Owned(
      reinterpret_cast<orc::MaterializationUnit *>(Unit));
  return wrap(reinterpret_cast<orc::JITDylib *>(Dylib)->define(
      std::move(Owned), reinterpret_cast<orc::ResourceTracker *>(Tracker)));
}

/// Takes a definition out of the symbol table, if there is one. Name is borrowed.
LLVMErrorRef tjit_undefine(LLVMOrcJITDylibRef Dylib,
                           LLVMOrcSymbolStringPoolEntryRef Name) {
  auto &JD = *reinterpret_cast<orc::JITDylib *>(Dylib);
  auto Entry = orc::SymbolStringPoolEntryUnsafe(
                   reinterpret_cast<orc::SymbolStringPoolEntryUnsafe::PoolEntry *>(Name))
                   .copyToSymbolStringPtr();
  return wrap(handleErrors(JD.remove({std::move(Entry)}),
                           [](orc::SymbolsNotFound &) {}));
}
