#pragma once

#include <cstdio>

#include "agents/protocol.h"

namespace rtprof::agents::jvm {

// An Answer that says no; `error` is JVMTI's, 0 where it is none of its.
inline Answer refused(Refusal refusal, const char* what, int error = 0) {
  Answer answer;
  answer.refusal = refusal;
  if (error == 0) {
    std::snprintf(answer.text, sizeof answer.text, "%s", what);
  } else {
    std::snprintf(answer.text, sizeof answer.text, "%s: JVMTI error %d", what, error);
  }
  return answer;
}

}  // namespace rtprof::agents::jvm
