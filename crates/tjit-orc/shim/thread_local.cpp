// Takes a thread-local variable out of a module: its uses become calls that ask for the calling thread's address, and
// it becomes the data that such a call needs. llvm-c can neither expand constant expressions to instructions nor walk
// the users of a constant up to the global that holds it; see docs/adr/0001-cxx-shim.md.

#include "llvm-c/Core.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"

using namespace llvm;

extern "C" {

/// Who has the variable; mirrored by `RawModel` in src/thread_local.rs.
enum TjitThreadLocalModel : uint8_t {
  TjitThreadLocalEmulated = 0,
  TjitThreadLocalHostDefined = 1,
  TjitThreadLocalHostDeclared = 2,
  TjitThreadLocalAbsent = 3,
};

/// Returns null, or in words why it can't be done; the module is then of no more use.
const char *tjit_replace_thread_local(LLVMValueRef Global,
                                      TjitThreadLocalModel Model,
                                      uint64_t ModuleId, uint64_t Offset);
}

namespace {

/// Replaces the uses of one global by instructions that compute its address.
class Rewriter {
  GlobalValue &Global;
  // Null for a variable that nobody defines, whose address is null.
  StringRef Accessor;
  // A phi needs one value per predecessor, however many of its edges come from there.
  DenseMap<BasicBlock *, Value *> AtEnd;

  Value *address(Instruction *Before, MaybeAlign Alignment) {
    if (Accessor.empty())
      return ConstantPointerNull::get(Global.getType());
    Module &M = *Global.getParent();
    IRBuilder<> Builder(Before);
    auto *Type = FunctionType::get(Builder.getPtrTy(), {Builder.getPtrTy()}, false);
    CallInst *Call =
        Builder.CreateCall(M.getOrInsertFunction(Accessor, Type), {&Global});
    Call->setDoesNotThrow();
    Call->addRetAttr(Attribute::NonNull);
    if (Alignment)
      Call->addRetAttr(Attribute::getWithAlignment(M.getContext(), *Alignment));
    // A coroutine may go on in another thread, where the address is another.
    if (!Before->getFunction()->isPresplitCoroutine()) {
      Call->setDoesNotAccessMemory();
      Call->addFnAttr(Attribute::WillReturn);
    }
    return Call;
  }

public:
  Rewriter(GlobalValue &Global, StringRef Accessor)
      : Global(Global), Accessor(Accessor) {}

  bool rewrite(Use &Operand, MaybeAlign Alignment) {
    auto *User = cast<Instruction>(Operand.getUser());
    if (auto *Intrinsic = dyn_cast<IntrinsicInst>(User);
        Intrinsic &&
        Intrinsic->getIntrinsicID() == Intrinsic::threadlocal_address) {
      Value *New = address(Intrinsic, Intrinsic->getRetAlign());
      if (isa<Instruction>(New))
        New->takeName(Intrinsic);
      Intrinsic->replaceAllUsesWith(New);
      Intrinsic->eraseFromParent();
      return true;
    }
    if (auto *Phi = dyn_cast<PHINode>(User)) {
      BasicBlock *Block = Phi->getIncomingBlock(Operand);
      if (Block->getTerminator()->isEHPad())
        return false;
      Value *&New = AtEnd[Block];
      if (!New)
        New = address(Block->getTerminator(), Alignment);
      Operand.set(New);
      return true;
    }
    if (User->isEHPad())
      return false;
    Operand.set(address(User, Alignment));
    return true;
  }
};

MaybeAlign alignmentOf(const GlobalValue &Global) {
  auto *Variable = dyn_cast<GlobalVariable>(&Global);
  return Variable ? Variable->getAlign() : MaybeAlign();
}

/// Whether all that is left of the uses of a constant are lists of LLVM's and aliases of it.
bool mayStay(Constant &Used) {
  SmallVector<Constant *, 8> Pending{&Used};
  while (!Pending.empty()) {
    Constant *Current = Pending.pop_back_val();
    for (User *User : Current->users()) {
      if (auto *Alias = dyn_cast<GlobalAlias>(User)) {
        if (Alias->getAliasee() != &Used)
          return false;
      } else if (auto *Variable = dyn_cast<GlobalVariable>(User)) {
        if (!Variable->getName().starts_with("llvm."))
          return false;
      } else if (isa<GlobalValue>(User) || !isa<Constant>(User)) {
        return false;
      } else {
        Pending.push_back(cast<Constant>(User));
      }
    }
  }
  return true;
}

GlobalVariable *createControl(GlobalVariable &From, Type *ValueType,
                              Constant *Initializer,
                              GlobalValue::LinkageTypes Linkage) {
  auto *New = new GlobalVariable(*From.getParent(), ValueType, false, Linkage,
                                 Initializer, "", &From);
  New->setVisibility(From.getVisibility());
  return New;
}

/// What `__emutls_get_address` takes (`__emutls_object` in libgcc's emutls.c, also of LLVM's compiler-rt): size,
/// alignment, a word of its own, the value that a new thread starts with or null for zeros.
GlobalVariable *emulated(GlobalVariable &From) {
  Module &M = *From.getParent();
  const DataLayout &Layout = M.getDataLayout();
  auto *Pointer = PointerType::get(M.getContext(), 0);
  auto *Word = Layout.getIntPtrType(M.getContext());
  auto *Type = StructType::get(M.getContext(), {Word, Word, Pointer, Pointer});
  if (!From.hasInitializer() || From.hasAvailableExternallyLinkage())
    return createControl(From, Type, nullptr, GlobalValue::ExternalLinkage);
  Align Alignment =
      Layout.getValueOrABITypeAlignment(From.getAlign(), From.getValueType());
  Constant *Value = From.getInitializer();
  Constant *Template = ConstantPointerNull::get(Pointer);
  if (!Value->isNullValue() && !isa<UndefValue>(Value)) {
    auto *Variable = new GlobalVariable(M, From.getValueType(), true,
                                        GlobalValue::ExternalLinkage, Value,
                                        "__emutls_t." + From.getName(), &From);
    Variable->setAlignment(Alignment);
    Template = Variable;
  }
  auto *Control = ConstantStruct::get(
      Type,
      {ConstantInt::get(
           Word, Layout.getTypeAllocSize(From.getValueType()).getFixedValue()),
       ConstantInt::get(Word, Alignment.value()),
       ConstantPointerNull::get(Pointer), Template});
  return createControl(From, Type, Control,
                       From.hasCommonLinkage() ? GlobalValue::WeakAnyLinkage
                                               : From.getLinkage());
}

/// What `__tls_get_addr` takes (`tls_index` of the ELF TLS ABI).
GlobalVariable *ofHost(GlobalVariable &From, bool Define, uint64_t ModuleId,
                       uint64_t Offset) {
  Module &M = *From.getParent();
  auto *Word = M.getDataLayout().getIntPtrType(M.getContext());
  auto *Type = StructType::get(M.getContext(), {Word, Word});
  Constant *Value = nullptr;
  if (Define)
    Value = ConstantStruct::get(
        Type, {ConstantInt::get(Word, ModuleId), ConstantInt::get(Word, Offset)});
  auto *New = createControl(From, Type, Value, GlobalValue::ExternalLinkage);
  New->setConstant(true);
  return New;
}

} // namespace

const char *tjit_replace_thread_local(LLVMValueRef Wrapped,
                                      TjitThreadLocalModel Model,
                                      uint64_t ModuleId, uint64_t Offset) {
  auto &Global = *cast<GlobalValue>(unwrap(Wrapped));
  if (Global.getAddressSpace() != 0)
    return "it is thread-local in an address space of its own";
  StringRef Accessor = Model == TjitThreadLocalEmulated ? "__emutls_get_address"
                       : Model == TjitThreadLocalAbsent ? ""
                                                        : "__tls_get_addr";
  convertUsersOfConstantsToInstructions({&Global});
  SmallVector<Use *, 16> Uses;
  for (Use &Operand : Global.uses())
    if (isa<Instruction>(Operand.getUser()))
      Uses.push_back(&Operand);
  Rewriter Rewriter(Global, Accessor);
  for (Use *Operand : Uses)
    if (!Rewriter.rewrite(*Operand, alignmentOf(Global)))
      return "it is thread-local and used where only constants may be";
  Global.setThreadLocalMode(GlobalValue::NotThreadLocal);

  auto *Variable = dyn_cast<GlobalVariable>(&Global);
  if (!Variable || Model == TjitThreadLocalAbsent)
    return nullptr;
  GlobalVariable *Control =
      Model == TjitThreadLocalEmulated
          ? emulated(*Variable)
          : ofHost(*Variable, Model == TjitThreadLocalHostDefined, ModuleId, Offset);
  Control->takeName(Variable);
  // What instructions are left are the calls from above.
  for (Use &Operand : make_early_inc_range(Variable->uses()))
    if (isa<Instruction>(Operand.getUser()))
      Operand.set(Control);
  Variable->removeDeadConstantUsers();
  if (!mayStay(*Variable))
    return "its address, which each thread has another of, is in the value of a variable";
  Variable->replaceAllUsesWith(Control);
  Variable->eraseFromParent();
  return nullptr;
}
