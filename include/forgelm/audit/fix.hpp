// `forgelm audit --fix`: a copy of the data without what was found in it, by rules. Of JSON lines every byte stays that
// no rule concerns (numbers, order of keys, escapes, line ends); rows of other formats are written as JSON lines.
// Invariants: the input is never written to; the copy appears whole, with its change list, manifest and report, or not
// at all; it depends on the data, the rules and the options alone; cleaning a cleaned copy changes nothing
// (tests/audit/fix_test.cpp). Memory is a few blocks, and per row what near-duplicates take. Trap: rows are compared
// after masking, since two that differ in a secret alone are the same row once it is gone.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

FORGELM_CHOICES(FixAction, keep, mask, drop)

/// What is wrong with a row as a whole.
///   unreadable: no JSON object; encoding: bytes that are not UTF-8; no_text: nothing to train on;
///   exact_duplicates: an earlier row has the same in all columns that training reads (all, where it knows none);
///   near_duplicates: it hangs together with an earlier row, by the audit's measure; leaks: a later one of train,
///   validation, test has it too, nearly.
FORGELM_CHOICES_HYPHENATED(RowFault, unreadable, encoding, no_text, exact_duplicates, near_duplicates, leaks)

class FixRules {
 public:
  struct Setting {
    FixAction action = FixAction::keep;
    std::string rule;  ///< "secrets=mask": what set it
  };

  /// Masks secrets and critical personal data, drops unreadable rows, rows without text, exact duplicates and leaks,
  /// puts U+FFFD for bytes that are not UTF-8, keeps the rest.
  FixRules();
  /// "WHAT=ACTION", over what was set before. WHAT: secrets, pii, a tier of personal data (pii-critical, ...), a kind,
  /// a row's fault, quality or one of its flags. ConfigError for anything else; only findings and encoding can be
  /// masked.
  void set(std::string_view rule);

  const Setting& of_kind(std::size_t kind) const { return kinds_[kind]; }
  const Setting& of(RowFault fault) const { return faults_[static_cast<std::size_t>(fault)]; }
  const Setting& of_flag(std::size_t flag) const { return flags_[flag]; }
  /// {"secrets": ...}: what is done about everything, by name.
  Json to_json() const;

 private:
  std::vector<Setting> kinds_;
  std::array<Setting, 6> faults_;
  std::array<Setting, 5> flags_;
};

struct FixedSplit {
  std::string name;
  std::filesystem::path source;
  std::string file;  ///< its name in the copy
  std::string source_sha256, sha256;
  std::uint64_t source_size_bytes = 0, size_bytes = 0;
  std::uint64_t num_rows_read = 0, num_rows_written = 0, num_rows_masked = 0;
  Counts dropped;  ///< rows, by what they were dropped for
  Counts masked;   ///< places, by kind, and lines for encoding
};

struct FixResult {
  std::filesystem::path folder;  ///< absolute
  std::vector<FixedSplit> splits;
  std::uint64_t num_changes = 0;  ///< lines of the change list
  AuditReport cleaned;            ///< of the copy
};

/// Where things are in the copy.
inline constexpr const char* kFixEvidenceFolder = "audit";
inline constexpr const char* kFixManifestName = "fix_manifest.json";
inline constexpr const char* kFixChangesName = "changes.jsonl";

/// Before any work: ConfigError when `folder` is, holds or lies in `input`, or holds what no run of this made.
void require_fix_target(const std::filesystem::path& input, const std::filesystem::path& folder);

/// Writes the copy of what `report` is of. `options` as for the audit; `progress` is told bytes done and bytes in all.
/// ConfigError as require_fix_target(); RunError(io, out_of_disk), and (data) when the input has changed since it was
/// audited; then nothing is there.
FixResult fix_data(const AuditOptions& options, const AuditReport& report, const FixRules& rules,
                   const std::filesystem::path& folder,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace forgelm::audit
