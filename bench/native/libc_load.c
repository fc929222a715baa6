/* The C library at work: sorting by a callback, formatting, memory, strings, searching. Functions of several
 * sizes, each in a share of its own.
 *
 * usage: libc_load THREADS [COUNTERS]     each thread counts its turns in a word of the file
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"

enum { kWords = 64 };

struct load {
  uint64_t* turns;
  char words[kWords][48];
  char* sorted[kWords];
  unsigned sum;
};

static int compare(const void* left, const void* right) {
  return strcmp(*(char* const*)left, *(char* const*)right);
}

static __attribute__((noinline)) void format_words(struct load* load) {
  for (int i = 0; i < kWords; ++i)
    snprintf(load->words[i], sizeof load->words[i], "%d word %x of %.3f", i * 7919 % 1000, load->sum,
             i / 3.0);
}

static __attribute__((noinline)) void sort_words(struct load* load) {
  for (int i = 0; i < kWords; ++i) load->sorted[i] = load->words[i];
  qsort(load->sorted, kWords, sizeof load->sorted[0], compare);
}

static __attribute__((noinline)) void copy_words(struct load* load) {
  void* copies[kWords];
  for (int i = 0; i < kWords; ++i) copies[i] = strdup(load->sorted[i]);
  for (int i = 0; i < kWords; ++i) {
    load->sum += (unsigned)strlen(copies[i]);
    free(copies[i]);
  }
}

static __attribute__((noinline)) void hash_words(struct load* load) {
  for (int turn = 0; turn < 8; ++turn)
    for (size_t i = 0; i < sizeof load->words; ++i)
      load->sum = load->sum * 31 + (unsigned char)((char*)load->words)[i];
}

static __attribute__((noinline)) void search_words(struct load* load) {
  for (int i = 0; i < kWords; ++i) load->sum += strstr(load->words[i], "of 9") != NULL;
}

static void* work(void* argument) {
  struct load* load = argument;
  for (;;) {
    format_words(load);
    sort_words(load);
    copy_words(load);
    hash_words(load);
    search_words(load);
    count_one(load->turns);
  }
  return NULL;
}

int main(int count, char** words) {
  if (count < 2) return 2;
  size_t threads = (size_t)atoi(words[1]);
  uint64_t* turns = map_counters(count > 2 ? words[2] : NULL, threads);
  struct load* loads = calloc(threads, sizeof *loads);
  if (!loads) return 1;
  for (size_t i = 0; i < threads; ++i) {
    loads[i].turns = &turns[i];
    pthread_t thread;
    if (i > 0 && pthread_create(&thread, NULL, work, &loads[i]) != 0) return 1;
  }
  say_ready();
  work(loads);
}
