#include "version_text.hpp"

#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/engine/libtorch.hpp"
#include "forgelm/ingest/ingest.hpp"

namespace forgelm::cli {

std::string version_text() {
  const BuildInfo& build = build_info();
  std::string out = cat("forgelm ", version(), " (", build.commit, ")\n");
  out += cat("  compiler  ", build.compiler, ", ", build.build_type,
             build.sanitizers.empty() ? "" : cat(", sanitizers ", build.sanitizers), "\n");
  const auto libtorch = engine::find_libtorch();
  out += cat("  engine    ", build.has_engine ? "built" : "not built", "\n");
  out += cat("  libtorch  ",
             libtorch.ok() ? cat(libtorch->version, " at ", libtorch->folder.native())
                           : cat("none: ", libtorch.error().message),
             "\n");
  out += cat("  parquet   ", build.has_parquet ? "read" : "not read", "\n");
  out += cat("  pdf       ", ingest::reads_pdf() ? "read" : "not read", "\n");
  return out;
}

Json version_json() {
  const BuildInfo& build = build_info();
  const auto libtorch = engine::find_libtorch();
  const Json found =
      libtorch.ok() ? Json::object({{"version", libtorch->version}, {"folder", libtorch->folder.native()}}) : Json();
  return Json::object({{"success", true},
                       {"version", version()},
                       {"commit", build.commit},
                       {"compiler", build.compiler},
                       {"build_type", build.build_type},
                       {"sanitizers", build.sanitizers.empty() ? Json() : Json(build.sanitizers)},
                       {"engine", build.has_engine},
                       {"libtorch", found},
                       {"parquet", build.has_parquet},
                       {"pdf", ingest::reads_pdf()}});
}

}  // namespace forgelm::cli
