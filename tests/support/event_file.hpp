// Reads TensorBoard event files for tests: its own small reader of records and protocol buffers, apart from the writer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/files.hpp"

namespace forgelm::test {

struct ReadEvent {
  std::string tag;
  std::int64_t step = 0;
  float value = 0;   ///< of a scalar
  std::string text;  ///< of a text
  std::string plugin;
};

/// The fields of a message: varints and fixed numbers as integers, bytes as they are.
struct MessageField {
  std::uint64_t number = 0;
  std::string_view bytes;
};
inline std::multimap<std::uint32_t, MessageField> message_fields(std::string_view message) {
  std::multimap<std::uint32_t, MessageField> fields;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const std::uint64_t tag = varint();
    MessageField field;
    std::size_t size = 0;
    switch (tag & 7) {
      case 0: field.number = varint(); break;
      case 1: size = 8; break;
      case 5: size = 4; break;
      case 2: size = static_cast<std::size_t>(varint()); break;
      default: throw std::runtime_error("a wire type that no event has");
    }
    if ((tag & 7) != 0) {
      field.bytes = message.substr(at, size);
      if (field.bytes.size() != size) throw std::runtime_error("a message that ends early");
      at += size;
    }
    fields.emplace(static_cast<std::uint32_t>(tag >> 3), field);
  }
  return fields;
}

/// All scalars and texts of the event files in a folder, file by file.
inline std::vector<ReadEvent> read_event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<ReadEvent> out;
  for (const auto& file : files) {
    const std::string bytes = read_file(file);
    for (std::size_t at = 0; at < bytes.size();) {
      std::uint64_t length = 0;
      std::memcpy(&length, bytes.data() + at, sizeof length);
      if (at + 16 + length > bytes.size()) throw std::runtime_error("a torn record");
      const auto event = message_fields(std::string_view(bytes).substr(at + 12, length));
      at += 16 + length;
      const auto summary = event.find(5);
      if (summary == event.end()) continue;
      const auto summaries = message_fields(summary->second.bytes);
      const auto value = message_fields(summaries.find(1)->second.bytes);
      ReadEvent read;
      read.tag = value.find(1)->second.bytes;
      if (event.count(2) != 0) read.step = static_cast<std::int64_t>(event.find(2)->second.number);
      if (value.count(2) != 0) std::memcpy(&read.value, value.find(2)->second.bytes.data(), sizeof read.value);
      if (value.count(8) != 0) read.text = message_fields(value.find(8)->second.bytes).find(8)->second.bytes;
      if (value.count(9) != 0) {
        const auto metadata = message_fields(value.find(9)->second.bytes);
        read.plugin = message_fields(metadata.find(1)->second.bytes).find(1)->second.bytes;
      }
      out.push_back(read);
    }
  }
  return out;
}

}  // namespace forgelm::test
