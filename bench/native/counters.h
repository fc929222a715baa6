// What the programs that count their work share: words in a file that the benchmark maps as well.
#pragma once

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// The 64-bit words of the file, or as many in private memory where `path` is a null pointer.
static inline uint64_t* map_counters(const char* path, size_t count) {
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  int flags = path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* words = mmap(NULL, count * sizeof(uint64_t), PROT_READ | PROT_WRITE, flags, file, 0);
  if (words == MAP_FAILED) {
    perror(path ? path : "mmap");
    exit(1);
  }
  return (uint64_t*)words;
}

// One more of what `word` counts, by its only writer.
static inline void count_one(uint64_t* word) {
  __atomic_store_n(word, *word + 1, __ATOMIC_RELEASE);
}

static inline void say_ready(void) {
  puts("ready");
  fflush(stdout);
}
