#include "agents/options.h"

#include <cstring>

namespace rtprof::agents {
namespace {

int digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

}  // namespace

bool parse_options(const char* text, Options& options) {
  for (uint8_t& byte : options.secret.bytes) {
    int high = digit(text[0]);
    int low = high < 0 ? -1 : digit(text[1]);
    if (low < 0) return false;
    byte = static_cast<uint8_t>(high * 16 + low);
    text += 2;
  }
  if (*text++ != ',') return false;
  size_t length = std::strlen(text);
  if (length == 0 || length >= sizeof options.path) return false;
  std::memcpy(options.path, text, length + 1);
  return true;
}

}  // namespace rtprof::agents
