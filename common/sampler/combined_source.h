#pragma once

#include <memory>
#include <vector>

#include "common/sampler/source.h"

namespace rtprof {

// One source of several, of the same process: where its events are taken in different ways. At least one; at
// most one of them is ticked.
std::unique_ptr<Source> combine(std::vector<std::unique_ptr<Source>> sources);

}  // namespace rtprof
