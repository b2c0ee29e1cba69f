// Small ZIP archives for tests, honest ones and others: every field can be made to lie.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace forgelm::test {

class ZipMaker {
 public:
  ZipMaker& add(const std::string& name, const std::string& bytes, bool is_deflated = true) {
    const std::string packed = is_deflated ? deflated(bytes) : bytes;
    const std::size_t local = archive_.size();
    const std::string facts = number(is_deflated ? 8 : 0, 2) + number(0, 4) + number(crc(bytes), 4) +
                              number(packed.size(), 4) + number(bytes.size(), 4) + number(name.size(), 2);
    archive_ += "PK\3\4" + number(20, 2) + number(0, 2) + facts + number(0, 2) + name + packed;
    directory_ += "PK\1\2" + number(20, 2) + number(20, 2) + number(0, 2) + facts + number(0, 2) + number(0, 2) +
                  number(0, 2) + number(0, 2) + number(0, 4) + number(local, 4) + name;
    ++count_;
    return *this;
  }
  /// One more entry in the directory for what stands at the last one's place.
  ZipMaker& point_again(const std::string& last_directory_entry_name) {
    const std::size_t size = 46 + last_directory_entry_name.size();
    directory_ += directory_.substr(directory_.size() - size);
    ++count_;
    return *this;
  }
  std::string bytes() const {
    return archive_ + directory_ + "PK\5\6" + number(0, 2) + number(0, 2) + number(count_, 2) + number(count_, 2) +
           number(directory_.size(), 4) + number(archive_.size(), 4) + number(0, 2);
  }

  static std::string number(std::uint64_t value, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
    return out;
  }

 private:
  static std::uint64_t crc(const std::string& bytes) {
    return ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  }
  static std::string deflated(const std::string& bytes) {
    z_stream stream{};
    if (::deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::runtime_error("deflateInit2");
    std::string out(::deflateBound(&stream, bytes.size()), '\0');
    std::string in = bytes;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    ::deflateEnd(&stream);
    return out;
  }

  std::string archive_, directory_;
  std::size_t count_ = 0;
};

}  // namespace forgelm::test
