// Copies chosen definitions of a module into a new module of the same context, leaving declarations of
// everything else they refer to. llvm-c can clone whole modules only; see docs/adr/0001-cxx-shim.md.

#include "declare.h"

#include "llvm-c/Core.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

extern "C" {

/// How a definition is carried over; mirrored by `SliceLinkage` in src/slice.rs.
enum TjitSliceLinkage : uint8_t {
  TjitSliceExternal = 0,
  TjitSliceAvailableExternally = 1,
  TjitSlicePrivate = 2,
};

struct TjitSliceDefinition {
  LLVMValueRef Source;
  // Null, or the name of the body; references to Source then become a declaration of its own name.
  const char *BodyName;
  size_t BodyNameLength;
  TjitSliceLinkage Linkage;
};

/// Returns null if a definition refers to a label of a function that is not in the slice, or comes later.
LLVMModuleRef tjit_slice(LLVMModuleRef Source, const char *Name,
                         size_t NameLength, const TjitSliceDefinition *Items,
                         size_t NumItems);
}

namespace {

/// Leaves a declaration of every global that a copied definition refers to.
class Declarer final : public ValueMaterializer {
  Module &Target;

public:
  /// Whether something in the slice refers to a label of a function that is not in it.
  bool MissesLabel = false;

  explicit Declarer(Module &Target) : Target(Target) {}

  Value *materialize(Value *V) override {
    // Labels are mapped when the function that has them is cloned; LLVM crashes on those of a declaration.
    if (isa<BlockAddress>(V)) {
      MissesLabel = true;
      return PoisonValue::get(V->getType());
    }
    auto *GV = dyn_cast<GlobalValue>(V);
    if (!GV || GV->getParent() == &Target)
      return nullptr;
    if (auto *Existing = Target.getNamedValue(GV->getName()))
      return Existing;
    if (auto *F = dyn_cast<Function>(GV))
      return declareFunction(Target, *F, F->getName());
    if (auto *Variable = dyn_cast<GlobalVariable>(GV))
      return declareVariable(Target, *Variable, Variable->getName());
    return declareByType(Target, *GV, GV->getName());
  }
};

void applyLinkage(GlobalValue &GV, TjitSliceLinkage Linkage) {
  // Cloning has copied the original's visibility and dso_local: a copy to inline would be referred to as if it were near.
  makeExternal(GV);
  switch (Linkage) {
  case TjitSliceExternal:
    GV.setLinkage(GlobalValue::ExternalLinkage);
    GV.setDSOLocal(true);
    return;
  case TjitSliceAvailableExternally:
    GV.setLinkage(GlobalValue::AvailableExternallyLinkage);
    return;
  case TjitSlicePrivate:
    GV.setLinkage(GlobalValue::PrivateLinkage);
    return;
  }
}

void copyModuleProperties(Module &From, Module &To) {
  To.setTargetTriple(From.getTargetTriple());
  To.setDataLayout(From.getDataLayout());
  To.setSourceFileName(From.getSourceFileName());
  if (NamedMDNode *Flags = From.getModuleFlagsMetadata()) {
    NamedMDNode *Copy = To.getOrInsertModuleFlagsMetadata();
    for (MDNode *Flag : Flags->operands()) {
      // rustc sets it: calls that LLVM adds itself would load addresses from a table, and JITLink sends such calls
      // astray if their target is below 4 GiB (tests/it/reach.rs).
      auto *Key = dyn_cast_or_null<MDString>(
          Flag->getNumOperands() > 1 ? Flag->getOperand(1).get() : nullptr);
      if (!Key || Key->getString() != "RtLibUseGOT")
        Copy->addOperand(Flag);
    }
  }
}

/// A definition on its way: the original and the still empty copy.
struct Copy {
  GlobalValue *From;
  GlobalValue *To;
  TjitSliceLinkage Linkage;
};

void fillFunction(Function &From, Function &To, ValueToValueMapTy &Map,
                  Declarer &Materializer) {
  auto *ToArgument = To.arg_begin();
  for (Argument &FromArgument : From.args()) {
    ToArgument->setName(FromArgument.getName());
    Map[&FromArgument] = &*ToArgument++;
  }
  SmallVector<ReturnInst *, 8> Returns;
  CloneFunctionInto(&To, &From, Map, CloneFunctionChangeType::DifferentModule,
                    Returns, "", nullptr, nullptr, &Materializer);
  for (Argument &FromArgument : From.args())
    Map.erase(&FromArgument);
}

void fillVariable(GlobalVariable &From, GlobalVariable &To,
                  ValueToValueMapTy &Map, Declarer &Materializer) {
  To.setInitializer(
      MapValue(From.getInitializer(), Map, RF_None, nullptr, &Materializer));
  SmallVector<std::pair<unsigned, MDNode *>, 1> Metadata;
  From.getAllMetadata(Metadata);
  for (auto [Kind, Node] : Metadata)
    To.addMetadata(Kind, *MapMetadata(Node, Map, RF_None, nullptr, &Materializer));
}

GlobalValue *createCopy(Module &M, GlobalValue &From, StringRef BodyName) {
  if (auto *F = dyn_cast<Function>(&From))
    return declareFunction(M, *F, BodyName.empty() ? F->getName() : BodyName);
  if (auto *Variable = dyn_cast<GlobalVariable>(&From))
    return declareVariable(M, *Variable, Variable->getName());
  auto &Alias = cast<GlobalAlias>(From);
  auto *New = GlobalAlias::create(Alias.getValueType(), Alias.getAddressSpace(),
                                  GlobalValue::ExternalLinkage, Alias.getName(), &M);
  New->copyAttributesFrom(&Alias);
  makeExternal(*New);
  return New;
}

void fill(const Copy &Item, ValueToValueMapTy &Map, Declarer &Materializer) {
  if (auto *F = dyn_cast<Function>(Item.From))
    fillFunction(*F, *cast<Function>(Item.To), Map, Materializer);
  else if (auto *Variable = dyn_cast<GlobalVariable>(Item.From))
    fillVariable(*Variable, *cast<GlobalVariable>(Item.To), Map, Materializer);
  else
    cast<GlobalAlias>(Item.To)->setAliasee(cast<Constant>(
        MapValue(cast<GlobalAlias>(Item.From)->getAliasee(), Map, RF_None,
                 nullptr, &Materializer)));
  applyLinkage(*Item.To, Item.Linkage);
}

} // namespace

LLVMModuleRef tjit_slice(LLVMModuleRef Source, const char *Name,
                         size_t NameLength, const TjitSliceDefinition *Items,
                         size_t NumItems) {
  Module &From = *unwrap(Source);
  auto To = std::make_unique<Module>(StringRef(Name, NameLength), From.getContext());
  copyModuleProperties(From, *To);

  ValueToValueMapTy Map;
  Declarer Materializer(*To);
  SmallVector<Copy, 16> Copies;
  // Create every copy before any is filled, so that they find one another.
  for (const TjitSliceDefinition &Item : ArrayRef(Items, NumItems)) {
    auto *Original = cast<GlobalValue>(unwrap(Item.Source));
    StringRef BodyName(Item.BodyName, Item.BodyNameLength);
    GlobalValue *New = createCopy(*To, *Original, BodyName);
    if (BodyName.empty())
      Map[Original] = New;
    Copies.push_back({Original, New, Item.Linkage});
  }
  // Functions first: cloning a body maps its block addresses, which a label table's initializer names.
  stable_sort(Copies, [](const Copy &A, const Copy &B) {
    return isa<Function>(A.From) && !isa<Function>(B.From);
  });
  for (const Copy &Item : Copies)
    fill(Item, Map, Materializer);
  return Materializer.MissesLabel ? nullptr : wrap(To.release());
}
