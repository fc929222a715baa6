#pragma once

#include <cstdint>
#include <string>

#include "common/profile/event.h"

namespace rtprof {

// Numbers as people read them: "1.23 s", "45.6 ms", "12.0 KiB".
std::string weight_text(Event event, int64_t weight);

// "12,345"
std::string grouped(int64_t number);

// 100 × part / whole; 0 when there is nothing.
double percent(int64_t part, int64_t whole);

}  // namespace rtprof
