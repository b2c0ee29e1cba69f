// The report on a file or a folder, with nothing but the number of threads chosen.
#pragma once

#include <filesystem>

#include "forgelm/audit/audit.hpp"

namespace forgelm::audit {

inline AuditReport audited(const std::filesystem::path& input, int num_workers = 1) {
  AuditOptions options;
  options.input = input.native();
  options.num_workers = num_workers;
  return audit_data(options);
}

}  // namespace forgelm::audit
