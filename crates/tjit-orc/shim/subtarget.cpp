// Lists what a processor can do by LLVM's names; see docs/adr/0001-cxx-shim.md.

#include "llvm/ADT/StringRef.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>
#include <string>

using namespace llvm;

extern "C" {

/// Mirrored by `Visit` in src/subtarget.rs.
typedef void (*TjitVisitFeature)(void *State, const char *Name, size_t Length,
                                 bool Enabled);

bool tjit_subtarget(const char *Triple, const char *CPU, const char *Features,
                    TjitVisitFeature Visit, void *State);
}

/// Visits every feature of the target. Returns false, without having visited any, if the target or the
/// processor is unknown. Every feature of Features must be known: LLVM complains on stderr otherwise.
bool tjit_subtarget(const char *Triple, const char *CPU, const char *Features,
                    TjitVisitFeature Visit, void *State) {
  std::string Error;
  llvm::Triple Parsed(Triple);
  const Target *Found = TargetRegistry::lookupTarget(Parsed, Error);
  if (!Found)
    return false;
  // The generic processor of an architecture is not in its table under the empty name.
  if (StringRef Name(CPU); !Name.empty()) {
    std::unique_ptr<MCSubtargetInfo> Any(
        Found->createMCSubtargetInfo(Parsed, "", ""));
    if (!Any || !Any->isCPUStringValid(Name))
      return false;
  }
  std::unique_ptr<MCSubtargetInfo> Info(
      Found->createMCSubtargetInfo(Parsed, CPU, Features));
  if (!Info)
    return false;
  const FeatureBitset &Bits = Info->getFeatureBits();
  for (const SubtargetFeatureKV &Feature : Info->getAllProcessorFeatures()) {
    StringRef Name(Feature.Key);
    Visit(State, Name.data(), Name.size(), Bits.test(Feature.Value));
  }
  return true;
}
