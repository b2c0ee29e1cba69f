// The typed JSON form of a tree, in which trees are compared with the reference's: one line of ASCII, sets sorted.
// Twin of dump() in tools/golden/yaml/yaml_dump.py.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "forgelm/config/yaml.hpp"

namespace forgelm::config::test {

/// `text` as a JSON string with everything beyond printable ASCII as \uXXXX (above U+FFFF as \UXXXXXXXX).
inline std::string dump_text(const std::string& text) {
  std::string out = "\"";
  char buffer[16];
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    char32_t c = first < 0x80 ? first : first & (0x7Fu >> length);
    for (std::size_t k = 1; k < length; ++k) c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    i += length;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c >= 0x20 && c < 0x7F) {
      out += static_cast<char>(c);
    } else {
      std::snprintf(buffer, sizeof buffer, c > 0xFFFF ? "\\U%08x" : "\\u%04x", static_cast<unsigned>(c));
      out += buffer;
    }
  }
  return out + "\"";
}

inline std::string dump_hex(const std::string& bytes) {
  std::string out;
  char buffer[4];
  for (const char c : bytes) {
    std::snprintf(buffer, sizeof buffer, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += buffer;
  }
  return out;
}

inline std::string dump_real(double value) {
  if (value != value) return "nan";
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  char buffer[24];
  std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(bits));
  return buffer;
}

inline std::string dump(const Node& node) {
  std::vector<std::string> parts;
  const auto join = [&](const char* open, const char* close) {
    std::string out = open;
    for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : ",") + parts[i];
    return out + close;
  };
  switch (node.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::boolean: return node.boolean ? "true" : "false";
    case Node::Kind::integer: return "{\"int\":\"" + (node.fits ? std::to_string(node.integer) : node.text) + "\"}";
    case Node::Kind::real: return "{\"float\":\"" + dump_real(node.real) + "\"}";
    case Node::Kind::text: return dump_text(node.text);
    case Node::Kind::timestamp: return "{\"timestamp\":\"" + node.iso + "\"}";
    case Node::Kind::binary: return "{\"binary\":\"" + dump_hex(node.text) + "\"}";
    case Node::Kind::sequence:
      for (const Node& item : node.items) parts.push_back(dump(item));
      return join("[", "]");
    case Node::Kind::set:
      for (const Node& item : node.items) parts.push_back(dump(item));
      std::sort(parts.begin(), parts.end());
      return join("{\"set\":[", "]}");
    case Node::Kind::mapping:
      for (const auto& [key, value] : node.entries) parts.push_back("[" + dump(key) + "," + dump(value) + "]");
      return join("{\"map\":[", "]}");
  }
  return "";
}

}  // namespace forgelm::config::test
