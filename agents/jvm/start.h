#pragma once

#include "agents/jvm/protocol.h"

namespace rtprof::agents::jvm {

// Whether a message is Start, from who knows the secret, with numbers that make sense.
bool is_valid(const Start& start, const Secret& secret);
bool is_valid(const Knowledge& knowledge, const Secret& secret);
bool is_valid(const Read& read, const Secret& secret);
bool is_valid(const ReadPlace& read, const Secret& secret);
bool is_valid(const Flush& flush, const Secret& secret);

}  // namespace rtprof::agents::jvm
