#pragma once

#include <dwarf.h>

#include <cstdint>
#include <initializer_list>
#include <string>

namespace rtprof::native {

// Bytes of .eh_frame, written by hand. Addresses are absolute.
class FrameBytes {
 public:
  using Bytes = std::basic_string<uint8_t>;

  // One entry that describes [start, start + size), with a common entry of its own.
  void add(uint64_t start, uint64_t size, const Bytes& program, const std::string& augmentation = "zR") {
    size_t common = bytes_.size();
    Bytes cie{1};
    cie.append(augmentation.begin(), augmentation.end());
    cie += Bytes{0, 1, 0x78, 16, 1, DW_EH_PE_absptr};  // code factor, data factor -8, return address, data
    cie += Bytes{DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1};
    append(0, cie);
    Bytes fde;
    put(fde, start);
    put(fde, size);
    fde += Bytes{0};
    fde += program;
    append(static_cast<uint32_t>(bytes_.size() + 4 - common), fde);
  }

  std::string text() const { return {bytes_.begin(), bytes_.end()}; }

 private:
  template <typename T>
  static void put(Bytes& to, T value) {
    to.append(reinterpret_cast<const uint8_t*>(&value), sizeof value);
  }
  void append(uint32_t id, Bytes body) {
    while ((body.size() + 8) % 8 != 0) body.push_back(DW_CFA_nop);
    put(bytes_, static_cast<uint32_t>(body.size() + 4));
    put(bytes_, id);
    bytes_ += body;
  }

  Bytes bytes_;
};

}  // namespace rtprof::native
