#include "agents/jvm/own_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <thread>

namespace rtprof::agents::jvm {
namespace {

TEST(OwnThreadTest, IsWhatEachThreadKeepsUnderTheSameKey) {
  pthread_key_t key;
  ASSERT_EQ(::pthread_key_create(&key, nullptr), 0);
  uint8_t first = 0, second = 0;
  ::pthread_setspecific(key, &first);
  OwnThread own;
  EXPECT_EQ(own.get(), nullptr);
  ASSERT_TRUE(own.find(&first));
  EXPECT_EQ(own.get(), &first);
  std::thread([&] {
    EXPECT_EQ(own.get(), nullptr);
    ::pthread_setspecific(key, &second);
    EXPECT_EQ(own.get(), &second);
    ::pthread_setspecific(key, nullptr);
    EXPECT_EQ(own.get(), nullptr);
  }).join();
  ::pthread_key_delete(key);
}

TEST(OwnThreadTest, IsNobodysWhereNoKeyHasIt) {
  uint8_t thread = 0;
  OwnThread own;
  EXPECT_FALSE(own.find(&thread));
  EXPECT_EQ(own.get(), nullptr);
}

}  // namespace
}  // namespace rtprof::agents::jvm
