#include "common/base/error.h"

#include <system_error>

namespace rtprof {

std::string errno_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace rtprof
