#pragma once

#include <optional>
#include <string>

#include "common/process/memory.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// The text of one of HotSpot's Symbols: 1 to 65535 bytes. Nothing when it cannot be read.
std::optional<std::string> symbol_text(const Memory& memory, const Layout& layout, Address symbol);

}  // namespace rtprof::jvm
