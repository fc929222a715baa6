#pragma once

#include <protozero/types.hpp>

// The fields of profile.proto (github.com/google/pprof, proto/profile.proto) that rtprof uses.
namespace rtprof::pprof {

enum class ProfileField : protozero::pbf_tag_type {
  kSampleType = 1,
  kSample = 2,
  kMapping = 3,
  kLocation = 4,
  kFunction = 5,
  kString = 6,
  kTimeNanos = 9,
  kDurationNanos = 10,
  kPeriodType = 11,
  kPeriod = 12,
  kComment = 13,
  kDefaultSampleType = 14,
};

enum class ValueTypeField : protozero::pbf_tag_type { kType = 1, kUnit = 2 };

enum class SampleField : protozero::pbf_tag_type { kLocationId = 1, kValue = 2, kLabel = 3 };

enum class LabelField : protozero::pbf_tag_type { kKey = 1, kText = 2, kNumber = 3 };

enum class MappingField : protozero::pbf_tag_type {
  kId = 1,
  kFileName = 5,
  kHasFunctions = 7,
  kHasFileNames = 8,
  kHasLines = 9,
  kHasInlined = 10,
};

enum class LocationField : protozero::pbf_tag_type { kId = 1, kMappingId = 2, kLine = 4 };

enum class LineField : protozero::pbf_tag_type { kFunctionId = 1, kLine = 2 };

enum class FunctionField : protozero::pbf_tag_type {
  kId = 1,
  kName = 2,
  kSystemName = 3,
  kFileName = 4,
  kStartLine = 5,
};

}  // namespace rtprof::pprof
