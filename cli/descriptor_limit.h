#pragma once

namespace rtprof::cli {

// Permits as many open descriptors as may be had: each thread of a target takes a few.
void raise_descriptor_limit();

// Undoes that; for a child between fork and exec, since programs that use select() rely on the usual limit.
void restore_descriptor_limit();

}  // namespace rtprof::cli
