#include "jvm/allocation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace rtprof::jvm {
namespace {

std::string_view primitive_name(char letter) {
  constexpr std::pair<char, std::string_view> kNames[] = {{'B', "byte"},  {'C', "char"},   {'D', "double"},
                                                          {'F', "float"}, {'I', "int"},    {'J', "long"},
                                                          {'S', "short"}, {'Z', "boolean"}};
  auto found = std::find_if(std::begin(kNames), std::end(kNames),
                            [letter](const auto& each) { return each.first == letter; });
  return found == std::end(kNames) ? std::string_view() : found->second;
}

}  // namespace

std::string type_name(std::string_view signature) {
  size_t dimensions = std::min(signature.find_first_not_of('['), signature.size());
  std::string_view element = signature.substr(dimensions);
  std::string name;
  if (element.size() > 2 && element.front() == 'L' && element.back() == ';') {
    name = element.substr(1, element.size() - 2);
    std::replace(name.begin(), name.end(), '/', '.');
  } else if (element.size() == 1) {
    name = primitive_name(element.front());
  }
  if (name.empty()) return std::string(signature);
  for (size_t i = 0; i < dimensions; ++i) name += "[]";
  return name;
}

double SampleWeigher::bytes_of(uint64_t samples) const {
  // More than any heap has: the target says how many.
  constexpr double kMost = 0x1p46;
  return std::min(static_cast<double>(samples) * interval_, kMost);
}

SampledWeight SampleWeigher::weigh(uint64_t bytes, bool is_due, uint64_t stands_for) {
  double others = bytes_of(stands_for);
  SampledWeight weight{others, others / static_cast<double>(bytes)};
  if (!is_due) return weight;
  double size = static_cast<double>(bytes) / interval_;
  double probability = -std::expm1(-size);
  double factor = 1;
  if (samples_early_) {
    // The mean of o exp(-o) over o from 0 to the size. Among objects that large nearly each is sampled, early
    // or not. Whose sample came early is not known, so all are weighed less by the mean.
    constexpr double kLarge = 0.5;
    if (size < kLarge) early_ += (probability - size * std::exp(-size)) / size;
    factor = 1 - early_ / ++samples_;
  }
  weight.bytes += factor * static_cast<double>(bytes) / probability;
  weight.objects += factor / probability;
  return weight;
}

}  // namespace rtprof::jvm
