// Functions that go on in another one of their type; shared by the files of the shim.

#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"

/// Ends a block with a call of a function of the same type as the block's own, with the arguments that this one got, also those
/// that are not in its type. It leaves no frame behind.
inline void forward(llvm::BasicBlock &Block, llvm::Function &To) {
  llvm::LLVMContext &Context = Block.getContext();
  llvm::IRBuilder<> Builder(&Block);
  llvm::SmallVector<llvm::Value *, 8> Arguments;
  llvm::SmallVector<llvm::AttributeSet, 8> ArgumentAttributes;
  for (llvm::Argument &Passed : Block.getParent()->args()) {
    Arguments.push_back(&Passed);
    ArgumentAttributes.push_back(To.getAttributes().getParamAttrs(Passed.getArgNo()));
  }
  llvm::CallInst *Call = Builder.CreateCall(&To, Arguments);
  Call->setCallingConv(To.getCallingConv());
  Call->setAttributes(llvm::AttributeList::get(Context, llvm::AttributeSet(),
                                               To.getAttributes().getRetAttrs(),
                                               ArgumentAttributes));
  Call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  if (To.getReturnType()->isVoidTy())
    Builder.CreateRetVoid();
  else
    Builder.CreateRet(Call);
}
