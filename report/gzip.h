#pragma once

#include <memory>
#include <string>

#include "common/base/sink.h"

struct z_stream_s;

namespace rtprof {

// Writes what it is given to another sink as one gzip member without a name or a time, so that equal bytes
// give equal files.
class GzipSink final : public Sink {
 public:
  explicit GzipSink(Sink& out);
  ~GzipSink() override;

  // Call at the end.
  void finish();

 private:
  void pass_on(std::string_view bytes) override { deflate(bytes, false); }
  void deflate(std::string_view bytes, bool last);

  Sink& out_;
  std::unique_ptr<z_stream_s> stream_;
  std::string piece_;
};

}  // namespace rtprof
