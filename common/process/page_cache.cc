#include "common/process/page_cache.h"

#include <algorithm>
#include <cstring>

namespace rtprof {

const PageCache::Page* PageCache::page_at(Address start) const {
  if (auto known = pages_.find(start); known != pages_.end()) return known->second.get();
  if (pages_.size() >= kMostPages) return nullptr;
  auto page = std::make_unique<Page>();
  if (!memory_.read(start, page->data(), page->size())) page.reset();
  return pages_.emplace(start, std::move(page)).first->second.get();
}

bool PageCache::read(Address address, void* destination, size_t size) const {
  if (size > kLongestCopied || address + size < address) return memory_.read(address, destination, size);
  auto* to = static_cast<uint8_t*>(destination);
  for (size_t done = 0; done < size;) {
    Address within = (address + done) % kPageBytes;
    size_t part = std::min<size_t>(size - done, kPageBytes - within);
    const Page* page = page_at(address + done - within);
    if (page == nullptr) return memory_.read(address, destination, size);
    std::memcpy(to + done, page->data() + within, part);
    done += part;
  }
  return true;
}

size_t PageCache::read_batch(std::span<const MemoryRange> ranges) const {
  size_t done = 0;
  while (done < ranges.size() && read(ranges[done].address, ranges[done].destination, ranges[done].size))
    ++done;
  return done;
}

}  // namespace rtprof
