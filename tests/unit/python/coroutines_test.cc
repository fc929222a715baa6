#include "python/coroutines.h"

#include <gmock/gmock.h>

#include "tests/unit/python/fake_objects.h"

namespace rtprof {
namespace {

using test::FakeMemory;
using test::FakeObjects;
using State = CoroutineChain::State;

class CoroutinesTest : public testing::TestWithParam<test::Build> {
 protected:
  static constexpr size_t kLocals = 2;

  const GeneratorLayout& layout() const { return fake_.layout().generator; }

  // A code object of functions with two locals.
  Address code() {
    Address code = fake_.object_of("code", 512);
    memory_.set<int32_t>(code + fake_.layout().locals.code_slot_count, kLocals);
    return code;
  }

  Address frame_of(Address object) const {
    return layout().frame_is_pointer ? *memory_.pointer(object + layout().frame) : object + layout().frame;
  }

  void set_depth(Address frame, size_t depth) {
    Address stack = frame + fake_.layout().frame_locals + kLocals * sizeof(Address);
    if (layout().stack_base != kNoOffset) memory_.set(frame + layout().stack_base, stack);
    if (layout().stack_pointer != kNoOffset) {
      memory_.set(frame + layout().stack_pointer, stack + depth * sizeof(Address));
    } else {
      size_t below = layout().stack_base == kNoOffset ? kLocals : 0;
      memory_.set<int32_t>(frame + layout().stack_depth, static_cast<int32_t>(below + depth));
    }
  }

  // A coroutine that is suspended while it awaits `awaited`; 0: nothing.
  Address coroutine(Address code, Address awaited, std::string_view type = "coroutine") {
    Address object = fake_.object_of(type, 1024);
    if (layout().frame_is_pointer) memory_.set(object + layout().frame, fake_.object_of("frame", 1024));
    Address frame = frame_of(object);
    memory_.set(frame + fake_.layout().walk.frame_code, code);
    set_state(object, layout().executing - 1);
    memory_.set(frame + fake_.layout().frame_locals + kLocals * sizeof(Address), awaited);
    set_depth(frame, awaited == 0 ? 0 : layout().awaited_from_top);
    return object;
  }

  void set_state(Address object, int state) {
    if (layout().state != kNoOffset) memory_.set<int8_t>(object + layout().state, static_cast<int8_t>(state));
  }

  Address wrapper(std::string_view type, Address wrapped) {
    Address object = fake_.object_of(type);
    memory_.set(object + fake_.layout().container.object_size, wrapped);
    return object;
  }

  FakeMemory memory_;
  FakeObjects fake_{memory_, GetParam()};
  Containers containers_{memory_, fake_.layout()};
};

INSTANTIATE_TEST_SUITE_P(Versions, CoroutinesTest, testing::ValuesIn(test::kBuilds), test::build_name);

TEST_P(CoroutinesTest, FollowsWhatIsAwaited) {
  Address future = fake_.object_of("_asyncio.Future");
  Address codes[] = {code(), code(), code()};
  Address leaf = coroutine(codes[2], wrapper("_asyncio.FutureIter", future), "generator");
  Address middle = coroutine(codes[1], leaf);
  Address root = coroutine(codes[0], wrapper("coroutine_wrapper", middle));
  auto chain = coroutine_chain(containers_, root);
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->links.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(chain->links[i].code_and_ip.code, codes[i]);
  EXPECT_EQ(chain->links[1].frame, frame_of(middle));
  EXPECT_EQ(chain->state, State::kSuspended);
  EXPECT_EQ(chain->awaited, future);
}

TEST_P(CoroutinesTest, AwaitsNothingButItsTurn) {
  auto chain = coroutine_chain(containers_, coroutine(code(), 0));
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->links.size(), 1U);
  EXPECT_EQ(chain->awaited, 0U);
}

TEST_P(CoroutinesTest, DoesNotTakeALocalForWhatIsAwaited) {
  Address object = coroutine(code(), 0);
  Address local = frame_of(object) + fake_.layout().frame_locals + (kLocals - 1) * sizeof(Address);
  memory_.set(local, coroutine(code(), 0));
  auto chain = coroutine_chain(containers_, object);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->links.size(), 1U);
}

TEST_P(CoroutinesTest, StopsAtOneThatIsRunning) {
  Address object = coroutine(code(), coroutine(code(), 0));
  set_state(object, layout().executing);
  if (layout().frame_is_pointer && layout().stack_pointer != kNoOffset)
    memory_.set<Address>(frame_of(object) + layout().stack_pointer, 0);
  if (layout().frame_is_pointer && layout().stack_depth != kNoOffset)
    memory_.set<int32_t>(frame_of(object) + layout().stack_depth, -1);
  auto chain = coroutine_chain(containers_, object);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->links.size(), 1U);
  EXPECT_EQ(chain->state, State::kExecuting);
}

TEST_P(CoroutinesTest, KnowsWhatHasEnded) {
  Address object = coroutine(code(), 0);
  set_state(object, layout().executing + 1);
  if (layout().frame_is_pointer) memory_.set<Address>(object + layout().frame, 0);
  auto chain = coroutine_chain(containers_, object);
  ASSERT_TRUE(chain);
  EXPECT_TRUE(chain->links.empty());
  EXPECT_EQ(chain->state, State::kEnded);
}

TEST_P(CoroutinesTest, EndsWhenOneAwaitsItself) {
  Address object = coroutine(code(), 1);
  memory_.set(frame_of(object) + fake_.layout().frame_locals + kLocals * sizeof(Address), object);
  auto chain = coroutine_chain(containers_, object);
  ASSERT_TRUE(chain);
  EXPECT_LE(chain->links.size(), 1000U);
}

TEST_P(CoroutinesTest, EndsAtWhatIsNoCoroutine) {
  EXPECT_FALSE(coroutine_chain(containers_, fake_.none()));
  EXPECT_FALSE(coroutine_chain(containers_, 0));
}

}  // namespace
}  // namespace rtprof
