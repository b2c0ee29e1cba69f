// One line of an audit log, as a reader sees it, and the cutting of bytes into lines.
// Invariant: what is hashed and signed is the text on disk, never text written again from parsed values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::compliance {

struct AuditLine {
  Json entry;
  std::string prev_hash;            ///< "" when it is missing or no text
  std::string run_id;               ///< likewise
  std::string event;                ///< likewise
  std::optional<std::string> hmac;  ///< the tag; "" when it is no text
  std::optional<std::int64_t> seq;  ///< nothing when it is missing or no integer
};

/// Reads a line without its line end. Failures start with "is not valid JSON: " or say "is not a JSON object"; they
/// do not name the line. A lone surrogate escape, which Python writes and reads, passes; a repeated key does not.
Result<AuditLine> parse_audit_line(std::string_view line);

/// Entries that recovery writes before a checkpoint is there: audit.recovered, audit.checkpoint_adopted,
/// audit.rerooted.
bool is_about_the_log(std::string_view event) noexcept;

/// The text that the tag of `line` covers: the line without its last member `_hmac`. Nothing when the line does not end
/// as a tagged line does.
std::optional<std::string> signed_text(std::string_view line);

/// Bytes in pieces to lines. A line without its end stays as rest().
class LineSplitter {
 public:
  /// Calls `on_line(std::string_view)` for each line that `bytes` ends, without its '\n'; stops when it returns false.
  /// Gives false then, and when a line is longer than a record may be.
  template <class OnLine>
  bool add(std::string_view bytes, OnLine&& on_line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (rest_.size() + piece.size() > kMaxAuditLineBytes) return !(is_too_long_ = true);
      if (end == std::string_view::npos) {
        rest_ += piece;
        return true;
      }
      bytes.remove_prefix(end + 1);
      if (rest_.empty()) {
        if (!on_line(piece)) return false;
      } else {
        rest_ += piece;
        const bool goes_on = on_line(std::string_view(rest_));
        rest_.clear();
        if (!goes_on) return false;
      }
    }
    return true;
  }
  const std::string& rest() const noexcept { return rest_; }
  bool is_too_long() const noexcept { return is_too_long_; }

 private:
  std::string rest_;
  bool is_too_long_ = false;
};

}  // namespace forgelm::compliance
