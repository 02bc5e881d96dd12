// Takes aliases apart from what they stand for. llvm-c can replace all uses of a value or none, and can't rebuild the
// constant expression that an alias stands for; see docs/adr/0001-cxx-shim.md.

#include "declare.h"

#include "llvm-c/Core.h"
#include "llvm/Analysis/ConstantFolding.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

extern "C" {

/// Makes every alias and every resolver stand for a function, a variable or an ifunc itself, not for another alias.
/// There must be no cycle.
void tjit_flatten_aliases(LLVMModuleRef Module);

/// Renames a function, variable or ifunc with a definition, and makes it internal. What refers to it refers to a
/// declaration of the old name from now on, except for aliases, resolvers and addresses of its labels.
void tjit_split(LLVMValueRef Definition, const char *Name, size_t NameLength);
}

namespace {

/// Replaces what aliases and resolvers stand for by what it maps to. Returns whether anything changed.
bool retarget(Module &M, ValueToValueMapTy &Map) {
  bool Changed = false;
  auto Mapped = [&](Constant *Old) {
    auto *New = cast<Constant>(MapValue(Old, Map));
    if (New == Old)
      return Old;
    Changed = true;
    // So that offsets along a chain add up and don't nest.
    return ConstantFoldConstant(New, M.getDataLayout());
  };
  for (GlobalAlias &Alias : M.aliases())
    Alias.setAliasee(Mapped(Alias.getAliasee()));
  for (GlobalIFunc &IFunc : M.ifuncs())
    IFunc.setResolver(Mapped(IFunc.getResolver()));
  return Changed;
}

GlobalValue *declare(Module &M, GlobalValue &Definition) {
  if (auto *F = dyn_cast<Function>(&Definition))
    return declareFunction(M, *F, "");
  if (auto *Variable = dyn_cast<GlobalVariable>(&Definition))
    return declareVariable(M, *Variable, "");
  return declareByType(M, Definition, "");
}

} // namespace

void tjit_flatten_aliases(LLVMModuleRef Module) {
  llvm::Module &M = *unwrap(Module);
  // Each round halves the chains.
  bool Changed;
  do {
    ValueToValueMapTy Map;
    for (GlobalAlias &Alias : M.aliases())
      Map[&Alias] = Alias.getAliasee();
    Changed = retarget(M, Map);
  } while (Changed);
}

void tjit_split(LLVMValueRef Definition, const char *Name, size_t NameLength) {
  auto &From = *cast<GlobalObject>(unwrap(Definition));
  Module &M = *From.getParent();
  GlobalValue *Declaration = declare(M, From);
  From.replaceUsesWithIf(Declaration, [](Use &U) {
    return !isa<BlockAddress>(U.getUser());
  });
  Declaration->takeName(&From);
  From.setName(StringRef(Name, NameLength));
  From.setComdat(nullptr);
  // A local symbol has neither (verifier).
  From.setVisibility(GlobalValue::DefaultVisibility);
  From.setDLLStorageClass(GlobalValue::DefaultStorageClass);
  From.setLinkage(GlobalValue::InternalLinkage);

  ValueToValueMapTy Map;
  Map[Declaration] = &From;
  retarget(M, Map);
}
