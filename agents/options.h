#pragma once

#include "agents/protocol.h"

namespace rtprof::agents {

// What an agent is told when it is loaded: "SECRET,PATH", the secret in hexadecimal digits.
struct Options {
  Secret secret{};
  char path[108] = {};  // of the socket
};

// False where the text is something else.
bool parse_options(const char* text, Options& options);

}  // namespace rtprof::agents
