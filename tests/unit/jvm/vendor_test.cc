#include "jvm/vendor.h"

#include <gtest/gtest.h>

namespace rtprof::jvm {
namespace {

constexpr std::string_view kRelease =
    "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"21.0.5+11-LTS\"\nJAVA_VERSION=\"21.0.5\"\n";

TEST(VendorTest, IsToldByTheReleaseFile) {
  EXPECT_EQ(vendor_in(kRelease), "Eclipse Adoptium");
  EXPECT_EQ(vendor_in("JAVA_VERSION=\"1.8.0_432\"\nIMPLEMENTOR=\"Temurin\""), "Temurin");
}

TEST(VendorTest, IsUnknownWhereNoneIsNamed) {
  EXPECT_EQ(vendor_in(""), std::nullopt);
  EXPECT_EQ(vendor_in("IMPLEMENTOR="), std::nullopt);
  EXPECT_EQ(vendor_in("JAVA_VERSION=\"21\"\n"), std::nullopt);
  EXPECT_EQ(vendor_in("IMPLEMENTOR=\"\nJAVA_VERSION=\"21\""), std::nullopt);
}

}  // namespace
}  // namespace rtprof::jvm
