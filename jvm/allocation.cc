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

// Sizes and distances are in intervals. The distance to the next sample has the density (1 + q) exp(-x) up to
// the size of the last object, where q = exp(-size), and q exp(-x) beyond: what is left of it from x on is (1
// + q) (exp(-x) - q) + q² there.
double SampleWeigher::early_probability(const SampledObject& object, double size) {
  constexpr double kFarthest = 100;
  if (object.allocated == 0 || last_.size() >= kMostThreads) return probability(size);
  Sampled& last = last_[object.thread];
  double begin = (static_cast<double>(object.allocated) - static_cast<double>(last.end)) / interval_ - size;
  double q = std::exp(-last.size);
  auto left = [&](double distance) {
    if (distance >= last.size) return q * std::exp(-distance);
    return (1 + q) * (std::exp(-distance) - q) + q * q;
  };
  // After a large object next to nothing is left long before its size.
  bool is_near = last.end != 0 && begin >= 0 && begin < std::min(last.size, kFarthest);
  double found = is_near ? 1 - left(begin + size) / left(begin) : probability(size);
  last = {object.allocated, size};
  // It is never less likely than without the one before; far out the differences are lost in rounding.
  return std::max(probability(size), std::min(found, 1.0));
}

SampledWeight SampleWeigher::weigh(const SampledObject& object) {
  double others = bytes_of(object.stands_for);
  auto bytes = static_cast<double>(object.bytes);
  SampledWeight weight{others, others / bytes};
  if (!object.is_due) return weight;
  double size = bytes / interval_;
  double taken = samples_early_ ? early_probability(object, size) : probability(size);
  weight.bytes += bytes / taken;
  weight.objects += 1 / taken;
  return weight;
}

}  // namespace rtprof::jvm
