// The approval events of an audit log, read as the reference reads them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/compliance/approval.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

struct ApprovalEvent {
  std::size_t line = 0;  ///< from 1
  std::string run_id;
  std::string name;
  Json entry;  ///< the whole line
};

struct ApprovalEvents {
  std::vector<ApprovalEvent> events;  ///< of all runs, in the order of the log
  std::string first_bad_line;         ///< "line 3: why"; empty when every line can be read

  /// The last request of a run; nullptr when there is none.
  const ApprovalEvent* last_request(std::string_view run_id) const;
  /// The last decision of a run that stands after its last request; nullptr when there is none.
  const ApprovalEvent* decision(std::string_view run_id) const;
};

ApprovalEvents read_approval_events(std::string_view log);

bool is_request(std::string_view event) noexcept;
bool is_decision(std::string_view event) noexcept;

/// Where a request says that its model is staged, when that is inside `run_folder` with all links followed.
std::optional<std::filesystem::path> staging_inside(const std::filesystem::path& run_folder, const Json& request);

}  // namespace forgelm::compliance
