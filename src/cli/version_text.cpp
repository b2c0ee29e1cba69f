#include "version_text.hpp"

#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::cli {

std::string version_text() {
  const BuildInfo& build = build_info();
  std::string out = cat("forgelm ", version(), " (", build.commit, ")\n");
  out += cat("  compiler  ", build.compiler, ", ", build.build_type, build.sanitizers.empty() ? "" : cat(", sanitizers ", build.sanitizers), "\n");
  out += cat("  engine    ", build.has_engine ? "built" : "not built", "\n");
  return out;
}

Json version_json() {
  const BuildInfo& build = build_info();
  return Json::object({{"success", true},
                       {"version", version()},
                       {"commit", build.commit},
                       {"compiler", build.compiler},
                       {"build_type", build.build_type},
                       {"sanitizers", build.sanitizers.empty() ? Json() : Json(build.sanitizers)},
                       {"engine", build.has_engine}});
}

}  // namespace forgelm::cli
