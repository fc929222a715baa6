#pragma once

#include <memory>

#include "native/binary.h"
#include "native/symbolizer.h"
#include "native/unwind_table.h"

namespace rtprof::native {

// What reads machine code for all processes of a run: each binary is opened once, and its symbols and
// unwinding tables are made once.
struct Workshop {
  BinaryCache binaries;
  std::shared_ptr<Symbolizer> symbolizer = std::make_shared<Symbolizer>();
  UnwindTables unwind_tables;
};

}  // namespace rtprof::native
