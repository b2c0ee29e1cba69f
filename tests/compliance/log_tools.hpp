// What tests of the audit log share: making a log, taking it apart, and putting it together again as a forger would.
#pragma once

#include <string>
#include <vector>

#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance::test_tools {

inline std::vector<std::string> lines_of(const std::string& log) {
  auto lines = split(log, '\n');
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

inline std::string log_of(const std::vector<std::string>& lines) {
  std::string log;
  for (const auto& line : lines) log += line + "\n";
  return log;
}

/// The value of a member that is text or a number, as it stands in the line; start and length.
inline std::pair<std::size_t, std::size_t> place_of(const std::string& line, const std::string& key) {
  const std::string label = "\"" + key + "\": ";
  const std::size_t at = line.find(label);
  if (at == std::string::npos) return {std::string::npos, 0};
  std::size_t start = at + label.size(), end = start;
  if (line[start] == '"') end = line.find('"', ++start);
  else end = line.find_first_of(",}", start);
  return {start, end - start};
}

inline void set_member(std::string& line, const std::string& key, const std::string& value) {
  const auto [start, length] = place_of(line, key);
  if (start != std::string::npos) line.replace(start, length, value);
}

inline void strip_tag(std::string& line) {
  const std::size_t at = line.find(", \"_hmac\"");
  if (at != std::string::npos) line = line.substr(0, at) + "}";
}

/// Makes the chain and the sequence numbers from line `from` on agree, as someone without the secret can.
inline void rechain(std::vector<std::string>& lines, std::size_t from = 0) {
  for (std::size_t i = from; i < lines.size(); ++i) {
    set_member(lines[i], "prev_hash", i == 0 ? "genesis" : sha256_hex(lines[i - 1]));
    set_member(lines[i], "seq", std::to_string(i));
  }
}

inline AuditBytes bytes_of_log(const std::string& log) {
  return [log](const std::function<bool(std::string_view)>& take) {
    // In uneven pieces, so that lines lie across them.
    for (std::size_t at = 0, size = 1; at < log.size(); at += size, size = size % 977 + 113)
      if (!take(std::string_view(log).substr(at, size))) return;
  };
}

inline AuditVerification verify(const std::string& log, const AuditVerifyOptions& options = {}) {
  return verify_audit_bytes(bytes_of_log(log), options);
}

}  // namespace forgelm::compliance::test_tools
