// Replaces instructions by constants and simplifies what depended on them. llvm-c can replace uses and run passes, but
// passes skip functions that are marked `optnone`, as all of clang -O0's are, and rewrite everything else of the module
// as well; see docs/adr/0001-cxx-shim.md.

#include "llvm-c/Core.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/InstructionSimplify.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/ValueHandle.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

extern "C" {

/// An instruction and the constant of its type that it is known to yield; mirrored in src/fold.rs.
struct TjitKnown {
  LLVMValueRef Instruction;
  LLVMValueRef Value;
};

/// No instruction may be a terminator. All of them are gone afterwards, with what became dead or unreachable.
void tjit_fold(const TjitKnown *Items, size_t NumItems);
}

void tjit_fold(const TjitKnown *Items, size_t NumItems) {
  SmallVector<WeakVH, 8> Instructions;
  SetVector<Function *> Functions;
  for (size_t Index = 0; Index < NumItems; ++Index)
    Instructions.push_back(unwrap(Items[Index].Instruction));
  for (size_t Index = 0; Index < NumItems; ++Index) {
    // An earlier item may have made this one dead.
    auto *Known = cast_or_null<Instruction>(Instructions[Index]);
    if (!Known)
      continue;
    Functions.insert(Known->getFunction());
    replaceAndRecursivelySimplify(Known, unwrap(Items[Index].Value));
    // LLVM keeps what has an effect, and takes the ordering of an atomic load for one.
    if (auto *Left = cast_or_null<Instruction>(Instructions[Index]))
      Left->eraseFromParent();
  }
  for (Function *Function : Functions) {
    for (BasicBlock &Block : *Function)
      ConstantFoldTerminator(&Block, /*DeleteDeadConditions=*/true);
    removeUnreachableBlocks(*Function);
  }
}
