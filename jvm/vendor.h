#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/elf/modules.h"
#include "common/process/process.h"

namespace rtprof::jvm {

// The vendor that a JDK's `release` file names ("IMPLEMENTOR"), if it does.
std::optional<std::string> vendor_in(std::string_view release);

// The vendor of the JDK whose libjvm.so a process has mapped: "Debian", "Eclipse Adoptium". Empty where it is
// not known: JDK 8 of most vendors does not tell, and a JDK that was replaced on disk is another.
std::string vendor_of(const Process& process, const Module& libjvm);

}  // namespace rtprof::jvm
