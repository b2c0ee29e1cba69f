// The walk over a log's lines: chain, sequence numbers, tags and the shape of the text, one line at a time.
// Findings are collected with the verdict that each stands for; the worst one is the log's.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit_line.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/core/env.hpp"

namespace forgelm::compliance {

struct Finding {
  AuditVerdict verdict;
  std::string message;
  std::uint64_t line = std::numeric_limits<std::uint64_t>::max();  ///< the highest: of no line; the lowest comes first
};

class AuditWalk {
 public:
  explicit AuditWalk(const AuditVerifyOptions& options) : options_(options) {}

  /// Takes bytes of the log; false when what follows cannot change the verdict.
  bool add(std::string_view bytes);
  /// After the last byte.
  void finish();

  /// Where a break of the chain says it continues: the prev_hash there, and the line itself. Nothing while the chain
  /// holds.
  struct Break {
    std::uint64_t entry = 0;  ///< counted from 1
    std::string prev_hash;
    std::string line_sha256;
  };
  const std::optional<Break>& chain_break() const noexcept { return break_; }

  /// Called with each entry's number of whole lines and bytes, and its leaf.
  std::function<void(std::uint64_t num_entries, std::uint64_t size_bytes, const Sha256Digest& leaf)> on_entry;

  std::vector<Finding> findings;
  std::vector<std::string> warnings;
  MerkleTree tree;
  std::uint64_t num_lines = 0;   ///< that are not blank
  std::uint64_t size_bytes = 0;  ///< of the whole lines
  std::string first_line_sha256;
  std::string first_run_id;
  std::string head = "genesis";
  std::uint64_t num_untagged = 0;
  std::uint64_t num_tagged = 0;
  bool has_bad_tag = false;

 private:
  void take(std::string_view line);
  void find(std::uint64_t line, AuditVerdict verdict, std::string message);
  void warn(std::string message);
  bool check_text(std::string_view line);
  void check_tag(std::string_view line, const AuditLine& read);
  void check_time(const AuditLine& read);
  void report_tags();

  struct RunTags {
    std::uint64_t num_good = 0;
    std::uint64_t num_bad = 0;
    std::uint64_t first_bad = 0;
  };

  const AuditVerifyOptions& options_;
  LineSplitter splitter_;
  std::optional<Break> break_;
  bool is_unreadable_ = false;  ///< after a line that is no entry, only counting goes on
  std::map<std::string, RunTags, std::less<>> runs_;
  std::optional<UtcTime> last_time_;
  std::uint64_t num_blank_ = 0;
  bool has_warned_of_time_ = false;
};

}  // namespace forgelm::compliance
