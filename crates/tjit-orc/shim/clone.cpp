// Copies a function within its module, and puts an empty function in the place of one; see docs/adr/0001-cxx-shim.md.

#include "declare.h"
#include "forward.h"

#include "llvm-c/Core.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

extern "C" {

/// Adds an internal copy of a function to its module.
LLVMValueRef tjit_clone_function(LLVMValueRef Function, const char *Name,
                                 size_t NameLength);

/// What an argument is compared with; mirrored by `RawTest` in src/clone.rs.
struct TjitTest {
  unsigned Argument;
  LLVMValueRef Value;
};

/// Fills an empty function: it goes on in Special if the arguments have these values, bit by bit, and else in General.
void tjit_dispatch(LLVMValueRef Function, const TjitTest *Tests, size_t NumTests,
                   LLVMValueRef Special, LLVMValueRef General);

/// Makes a function internal under another name and returns an empty one that has its name, linkage and type.
LLVMValueRef tjit_stand_in(LLVMValueRef Function, const char *Name,
                           size_t NameLength);
}

namespace {

/// A local symbol is in no group, and is not seen from elsewhere (verifier).
void makeInternal(Function &F, StringRef Name) {
  F.setName(Name);
  F.setComdat(nullptr);
  F.setVisibility(GlobalValue::DefaultVisibility);
  F.setDLLStorageClass(GlobalValue::DefaultStorageClass);
  F.setLinkage(GlobalValue::InternalLinkage);
  F.setDSOLocal(true);
}

Value *bits(IRBuilder<> &Builder, Value *V) {
  Type *T = V->getType();
  if (!T->isFloatingPointTy())
    return V;
  return Builder.CreateBitCast(V, Builder.getIntNTy(T->getPrimitiveSizeInBits()));
}

} // namespace

LLVMValueRef tjit_clone_function(LLVMValueRef Function, const char *Name,
                                 size_t NameLength) {
  auto &Original = *cast<llvm::Function>(unwrap(Function));
  ValueToValueMapTy Map;
  llvm::Function *Copy = CloneFunction(&Original, Map);
  makeInternal(*Copy, StringRef(Name, NameLength));
  return wrap(Copy);
}

LLVMValueRef tjit_stand_in(LLVMValueRef Function, const char *Name,
                           size_t NameLength) {
  auto &Body = *cast<llvm::Function>(unwrap(Function));
  llvm::Function *Entry = standIn(Body);
  // It is the body that is taken apart.
  Entry->removeFnAttr(Attribute::PresplitCoroutine);
  Body.replaceAllUsesWith(Entry);
  Entry->takeName(&Body);
  for (auto [New, Old] : zip(Entry->args(), Body.args()))
    New.setName(Old.getName());
  makeInternal(Body, StringRef(Name, NameLength));
  return wrap(Entry);
}

void tjit_dispatch(LLVMValueRef Function, const TjitTest *Tests, size_t NumTests,
                   LLVMValueRef Special, LLVMValueRef General) {
  auto &Entry = *cast<llvm::Function>(unwrap(Function));
  LLVMContext &Context = Entry.getContext();
  IRBuilder<> Builder(BasicBlock::Create(Context, "", &Entry));
  auto *Hit = BasicBlock::Create(Context, "special", &Entry);
  auto *Miss = BasicBlock::Create(Context, "general", &Entry);
  Value *All = Builder.getTrue();
  for (const TjitTest &Test : ArrayRef(Tests, NumTests)) {
    // Callers may pass what has no value, as long as nobody looks at it.
    Value *Got = Builder.CreateFreeze(Entry.getArg(Test.Argument));
    Value *Same = Builder.CreateICmpEQ(bits(Builder, Got), bits(Builder, unwrap(Test.Value)));
    All = Builder.CreateAnd(All, Same);
  }
  Builder.CreateCondBr(All, Hit, Miss);
  forward(*Hit, *cast<llvm::Function>(unwrap(Special)));
  forward(*Miss, *cast<llvm::Function>(unwrap(General)));
}
