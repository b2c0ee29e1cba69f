// What the rules make of one row: masks in its strings, or a reason to drop it. What needs other rows (duplicates,
// leaks) is decided in fix_plan.hpp. Invariant: a row that comes out holds nothing more that a rule masks or drops,
// whatever masking brought together; so a second pass changes nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/audit/fix.hpp"
#include "forgelm/audit/pattern_scan.hpp"
#include "json_line.hpp"

namespace forgelm::audit {

/// Why a row goes: a fault, a flag or a kind, each by its index.
struct DropReason {
  enum What : std::uint8_t { none, fault, flag, kind };
  What what = none;
  std::uint16_t index = 0;
  bool is_dropped() const { return what != none; }
};

/// What was masked in one string of a row.
struct Masking {
  std::string field;
  std::map<std::uint16_t, std::uint64_t> kinds;  ///< with how many places
};

struct FixedRow {
  bool is_blank = false;    ///< no row at all; the line stays as it is
  bool is_decoded = false;  ///< bytes that are not UTF-8 became U+FFFD
  DropReason drop;
  std::string field;  ///< of a kind for which it goes; "" where it spans several strings
  std::vector<Masking> maskings;
  std::optional<std::string> changed;  ///< the line's new bytes; nothing where they stay
};

/// For one thread.
class RowFixer {
 public:
  RowFixer(const FixRules& rules, ScanEngine engine) : rules_(rules), scanner_(engine) {}

  /// One line as JsonLineReader::read() takes it.
  FixedRow fix(std::string_view line, std::size_t num_readable);
  /// The row that fix() read last, as it comes out; of a row that is neither blank nor dropped.
  const JsonLine& row() const { return row_; }

 private:
  /// Masks in `line`; false when the row goes.
  bool mask_strings(std::string_view line, FixedRow& fixed);
  bool mask_string(std::string_view bytes, std::string& out, Masking& masking, DropReason& drop);
  void find_selected(std::string_view text);
  void check_across_strings(FixedRow& fixed);

  const FixRules& rules_;
  PatternScanner scanner_;
  JsonLineReader reader_;
  JsonLine row_;
  std::vector<Match> matches_;
  std::string text_buffer_;
};

}  // namespace forgelm::audit
