// Declarations of what another module, or another definition, provides; shared by the files of the shim.

#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"

inline void makeExternal(llvm::GlobalValue &GV) {
  // A slice is linked on its own: what was local to a module is found by its (promoted, unique) name, and
  // may lie anywhere, so nothing may be assumed to be within reach of a PC-relative reference.
  GV.setLinkage(llvm::GlobalValue::ExternalLinkage);
  GV.setVisibility(llvm::GlobalValue::DefaultVisibility);
  GV.setDLLStorageClass(llvm::GlobalValue::DefaultStorageClass);
  GV.setDSOLocal(false);
}

inline void declareLinkage(llvm::GlobalValue &Declaration,
                           const llvm::GlobalValue &Original) {
  makeExternal(Declaration);
  if (Original.hasExternalWeakLinkage())
    Declaration.setLinkage(llvm::GlobalValue::ExternalWeakLinkage);
}

inline llvm::Function *declareFunction(llvm::Module &M, const llvm::Function &F,
                                       llvm::StringRef Name) {
  auto *New = llvm::Function::Create(F.getFunctionType(),
                                     llvm::GlobalValue::ExternalLinkage,
                                     F.getAddressSpace(), Name, &M);
  New->copyAttributesFrom(&F);
  // These point into the source module; CloneFunctionInto maps and sets them again on definitions.
  New->setPersonalityFn(nullptr);
  New->setPrefixData(nullptr);
  New->setPrologueData(nullptr);
  declareLinkage(*New, F);
  return New;
}

/// A function without a body in the place of `Body`, of everything that it is to others but the name, which is free for it to take.
inline llvm::Function *standIn(llvm::Function &Body) {
  llvm::Module &M = *Body.getParent();
  llvm::Function *Entry = declareFunction(M, Body, "");
  // In its place, so that functions keep their order.
  Entry->removeFromParent();
  M.getFunctionList().insert(Body.getIterator(), Entry);
  Entry->setLinkage(Body.getLinkage());
  Entry->setVisibility(Body.getVisibility());
  Entry->setDLLStorageClass(Body.getDLLStorageClass());
  Entry->setDSOLocal(Body.isDSOLocal());
  Entry->setComdat(Body.getComdat());
  return Entry;
}

inline llvm::GlobalVariable *declareVariable(llvm::Module &M,
                                             const llvm::GlobalVariable &V,
                                             llvm::StringRef Name) {
  auto *New = new llvm::GlobalVariable(
      M, V.getValueType(), V.isConstant(), llvm::GlobalValue::ExternalLinkage,
      nullptr, Name, nullptr, V.getThreadLocalMode(), V.getAddressSpace());
  New->copyAttributesFrom(&V);
  declareLinkage(*New, V);
  return New;
}

/// Declares what is, from outside, a function or a variable of the value type of an alias or ifunc.
inline llvm::GlobalValue *declareByType(llvm::Module &M, const llvm::GlobalValue &GV,
                                        llvm::StringRef Name) {
  llvm::GlobalValue *New;
  if (auto *Type = llvm::dyn_cast<llvm::FunctionType>(GV.getValueType()))
    New = llvm::Function::Create(Type, llvm::GlobalValue::ExternalLinkage,
                                 GV.getAddressSpace(), Name, &M);
  else
    New = new llvm::GlobalVariable(M, GV.getValueType(), false,
                                   llvm::GlobalValue::ExternalLinkage, nullptr, Name,
                                   nullptr, GV.getThreadLocalMode(),
                                   GV.getAddressSpace());
  declareLinkage(*New, GV);
  return New;
}
