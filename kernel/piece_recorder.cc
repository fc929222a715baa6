#include "kernel/piece_recorder.h"

#include <utility>

namespace rtprof::kernel {

PieceRecorder::PieceRecorder(pid_t pid, Recorder& recorder, std::shared_ptr<KernelStacks> kernel_stacks)
    : pid_(pid), recorder_(recorder), kernel_namer_(recorder.add_namer(std::move(kernel_stacks))) {}

void PieceRecorder::record(const TimePiece& piece, bool unknown) {
  RawSample sample;
  sample.event = piece.event;
  sample.reason = piece.reason;
  sample.thread = {pid_, piece.tid};
  sample.stack = piece.stack;
  if (piece.kernel_stack) sample.callees = RawStack{kernel_namer_, *piece.kernel_stack};
  sample.waker = piece.waker;
  sample.start = piece.start;
  sample.duration = piece.time;
  sample.weight = piece.time;
  sample.count = piece.count;
  recorder_.sample(sample);
  Counts& counts = counts_[static_cast<size_t>(piece.event)];
  counts.weight += piece.time;
  counts.samples += piece.count;
  if (unknown) counts.unknown += piece.count;
}

void PieceRecorder::tell(RunQuality& quality) const {
  const Counts& counts = counts_[static_cast<size_t>(quality.event)];
  quality.samples = counts.samples;
  quality.unknown_frames = counts.unknown;
  quality.total_weight = counts.weight;
}

}  // namespace rtprof::kernel
