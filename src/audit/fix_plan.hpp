// The first of the two passes of cleaning: which rows go. Rows are looked at as they come out of masking; of each one
// stay a hash, a signature and the verdict.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "forgelm/audit/fix.hpp"
#include "row_fixer.hpp"
#include "split_blocks.hpp"

namespace forgelm::audit {

struct SplitPlan {
  std::vector<DropReason> drops;          ///< of each row: lines that are not blank, unreadable ones counted
  std::vector<std::uint64_t> first_rows;  ///< of each block
};

/// `read_bytes` is told how much of all files is read. RunError(io), RunError(data) for a file that is not as audited.
std::vector<SplitPlan> plan_fix(const AuditOptions& options, const AuditReport& report, const FixRules& rules,
                                const std::function<void(std::uint64_t)>& read_bytes);

/// A line of a block with what ends it. Rows of formats other than JSON lines end with "\n".
struct FixLine {
  std::string_view bytes;
  std::size_t num_readable = 0;
  std::uint64_t number = 0;
  std::string_view line_end;
  bool is_refused = false;  ///< a row that its file's reader could not read; there are no bytes
};

/// Calls `take` for each line of the block.
template <class Take>
void for_each_fix_line(SplitBlock block, const Take& take) {
  if (block.is_lines) {
    const std::vector<std::string_view> all = block.lines.lines();
    const char* const end = block.lines.text.data() + block.lines.text.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const char* const line_end = all[i].data() + all[i].size();
      const char* const next = i + 1 < all.size() ? all[i + 1].data() : end;
      take(FixLine{all[i], static_cast<std::size_t>(end - all[i].data()), block.lines.first_line + i,
                   std::string_view(line_end, static_cast<std::size_t>(next - line_end)), false});
    }
    return;
  }
  for_each_line(
      std::move(block),
      [&](std::string_view line, std::size_t num_readable, std::uint64_t number) {
        take(FixLine{line, num_readable, number, "\n", false});
      },
      [&](std::uint64_t number) {
        take(FixLine{{}, 0, number, {}, true});
      });
}

}  // namespace forgelm::audit
