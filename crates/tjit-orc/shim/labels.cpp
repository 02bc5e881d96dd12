// Makes the labels of a function good for everybody: its body stays where it is for ever, under another name, and a
// function in its place jumps to it. llvm-c has no call that must be a tail call with a variable number of arguments,
// and no way to the address of a label that does not make one; see docs/adr/0001-cxx-shim.md.

#include "declare.h"
#include "forward.h"

#include "llvm-c/Core.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/ReplaceConstant.h"

using namespace llvm;

extern "C" {

/// Whether anything in the module is the address of a label.
bool tjit_has_labels(LLVMModuleRef Module);

/// Whether instructions of other functions use addresses of labels of this one.
bool tjit_labels_used_elsewhere(LLVMValueRef Function);

/// Moves the body of a function to an internal one of a new name, which is marked with an attribute, and has the function
/// call it. Instructions of other functions load addresses of its labels from variables, which are added. Returns false,
/// and has done nothing, if there can be no such call.
bool tjit_fix_labels(LLVMValueRef Function, const char *Name, size_t NameLength,
                     const char *Mark, size_t MarkLength);
}

namespace {

/// The addresses of labels of a function that something uses.
SmallVector<BlockAddress *, 8> labels(Function &F) {
  SmallVector<BlockAddress *, 8> Found;
  for (BasicBlock &Block : F)
    if (Block.hasAddressTaken())
      if (auto *Label = BlockAddress::lookup(&Block))
        Found.push_back(Label);
  return Found;
}

/// The other functions whose instructions use labels of one, also inside constants.
SmallSetVector<Function *, 4> elsewhere(Function &F, ArrayRef<BlockAddress *> Labels) {
  SmallSetVector<Function *, 4> Users;
  SmallSetVector<Constant *, 16> Pending(Labels.begin(), Labels.end());
  for (size_t Next = 0; Next < Pending.size(); ++Next)
    for (User *U : Pending[Next]->users())
      if (auto *I = dyn_cast<Instruction>(U)) {
        if (I->getFunction() != &F)
          Users.insert(I->getFunction());
      } else if (!isa<GlobalValue>(U)) {
        Pending.insert(cast<Constant>(U));
      }
  return Users;
}

/// Has the instructions of a function load the address of a label.
void loadLabel(BlockAddress &Label, GlobalVariable &Holder, Function &In) {
  SmallVector<Use *, 8> Uses;
  for (Use &Operand : Label.uses())
    if (auto *I = dyn_cast<Instruction>(Operand.getUser()); I && I->getFunction() == &In)
      Uses.push_back(&Operand);
  // A phi needs one value per predecessor, however many of its edges come from there.
  DenseMap<BasicBlock *, Value *> AtEnd;
  for (Use *Operand : Uses) {
    auto *I = cast<Instruction>(Operand->getUser());
    auto Load = [&](Instruction *Before) -> Value * {
      return IRBuilder<>(Before).CreateLoad(Label.getType(), &Holder);
    };
    if (auto *Phi = dyn_cast<PHINode>(I)) {
      BasicBlock *Block = Phi->getIncomingBlock(*Operand);
      Value *&New = AtEnd[Block];
      if (!New)
        New = Load(Block->getTerminator());
      Operand->set(New);
    } else {
      Operand->set(Load(I));
    }
  }
}

} // namespace

bool tjit_has_labels(LLVMModuleRef Module) {
  for (Function &F : *unwrap(Module))
    for (BasicBlock &Block : F)
      if (Block.hasAddressTaken())
        return true;
  return false;
}

bool tjit_labels_used_elsewhere(LLVMValueRef Function) {
  auto &F = *cast<llvm::Function>(unwrap(Function));
  return !elsewhere(F, labels(F)).empty();
}

bool tjit_fix_labels(LLVMValueRef Function, const char *Name, size_t NameLength,
                     const char *Mark, size_t MarkLength) {
  auto &Body = *cast<llvm::Function>(unwrap(Function));
  // A coroutine is taken apart where it is, and a naked function has arguments that only its assembly knows of.
  if (Body.isPresplitCoroutine() || Body.hasFnAttribute(Attribute::Naked))
    return false;
  Module &M = *Body.getParent();
  llvm::Function *Entry = standIn(Body);
  Body.replaceUsesWithIf(Entry, [](Use &U) { return !isa<BlockAddress>(U.getUser()); });
  Entry->takeName(&Body);

  Body.setName(StringRef(Name, NameLength));
  Body.setComdat(nullptr);
  // A local symbol has neither (verifier).
  Body.setVisibility(GlobalValue::DefaultVisibility);
  Body.setDLLStorageClass(GlobalValue::DefaultStorageClass);
  Body.setLinkage(GlobalValue::InternalLinkage);
  Body.removeFnAttr(Attribute::AlwaysInline);
  Body.addFnAttr(Attribute::NoInline);
  Body.addFnAttr(StringRef(Mark, MarkLength));
  forward(*BasicBlock::Create(Entry->getContext(), "", Entry), Body);

  auto Labels = labels(Body);
  DenseMap<BlockAddress *, GlobalVariable *> Holders;
  for (llvm::Function *User : elsewhere(Body, Labels)) {
    SmallVector<Constant *, 8> Constants(Labels.begin(), Labels.end());
    convertUsersOfConstantsToInstructions(Constants, User, /*RemoveDeadConstants=*/false);
    for (BlockAddress *Label : Labels) {
      GlobalVariable *&Holder = Holders[Label];
      if (!Holder)
        Holder = new GlobalVariable(M, Label->getType(), /*isConstant=*/true,
                                    GlobalValue::InternalLinkage, Label,
                                    Body.getName() + ".label");
      loadLabel(*Label, *Holder, *User);
    }
  }
  return true;
}
