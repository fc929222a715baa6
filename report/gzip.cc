#include "report/gzip.h"

#include <zlib.h>

#include <new>

namespace rtprof {

GzipSink::GzipSink(Sink& out)
    : out_(out), stream_(std::make_unique<z_stream_s>()), piece_(size_t{64} << 10, '\0') {
  constexpr int kGzipFormat = 16;
  constexpr int kMemoryLevel = 8;
  if (deflateInit2(stream_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipFormat, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

GzipSink::~GzipSink() {
  deflateEnd(stream_.get());
}

void GzipSink::finish() {
  flush();
  deflate({}, true);
}

void GzipSink::deflate(std::string_view bytes, bool last) {
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_->avail_in = static_cast<uInt>(bytes.size());
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(piece_.data());
    stream_->avail_out = static_cast<uInt>(piece_.size());
    ::deflate(stream_.get(), last ? Z_FINISH : Z_NO_FLUSH);
    out_.write({piece_.data(), piece_.size() - stream_->avail_out});
  } while (stream_->avail_out == 0);
}

}  // namespace rtprof
